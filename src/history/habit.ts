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
 * @param requests in any order, each of one minute
 */
export function completeMinutes(
  rate: LearnedRate,
  requests: readonly { readonly firstMs: number; readonly count: number }[],
): LearnedRate {
  const counts = new Map<number, number>()
  for (const { firstMs, count } of requests) {
    const minute = minuteOf(firstMs)
    counts.set(minute, (counts.get(minute) ?? 0) + count)
  }
  let learned = rate
  for (const [minute, count] of [...counts].sort(([a], [b]) => a - b))
    learned = withRequests(learned, minute, count)
  return learned
}

export const minuteOf = (atMs: number): number => Math.floor(atMs / MINUTE_MS)

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
