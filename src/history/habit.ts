/**
 * The learned rate: a Gamma posterior over the requests of a minute in which this identity was active at all (quiet
 * hours would make every ordinary minute look like a burst). Its mean is shape / minutes.
 */
export interface LearnedRate {
  readonly shape: number
  readonly minutes: number
  /** The last minute that was seen and how many requests it has so far: not learned until another one begins. */
  readonly running?: { readonly minute: number; readonly count: number }
}

export const NO_RATE: LearnedRate = { shape: 0, minutes: 0 }

const MINUTE_MS = 60_000
const HALF_LIFE_MINUTES = 7 * 24 * 60

/**
 * Adds requests. A minute is learned when a request of a later minute arrives, so a burst is never compared with itself;
 * what was learned halves its weight every 7 days, its mean stays.
 *
 * @param timesMs epoch ms, in any order
 */
export function completeMinutes(rate: LearnedRate, timesMs: readonly number[]): LearnedRate {
  const minutes = timesMs.map((atMs) => Math.floor(atMs / MINUTE_MS)).sort((a, b) => a - b)
  let learned = rate
  for (let from = 0, to = 0; from < minutes.length; from = to) {
    const minute = minutes[from] ?? 0
    while (minutes[to] === minute) to++
    learned = withRequests(learned, minute, to - from)
  }
  return learned
}

function withRequests(rate: LearnedRate, minute: number, count: number): LearnedRate {
  const { shape, minutes, running } = rate
  if (running === undefined) return { shape, minutes, running: { minute, count } }
  if (minute === running.minute) return { shape, minutes, running: { minute, count: running.count + count } }
  // Another process told later of a minute that is over: it has been counted as one, unless it is the first.
  if (minute < running.minute) return { shape: shape + count, minutes: Math.max(1, minutes), running }
  const decay = 0.5 ** ((minute - running.minute) / HALF_LIFE_MINUTES)
  return {
    shape: (shape + running.count) * decay,
    minutes: (minutes + 1) * decay,
    running: { minute, count },
  }
}
