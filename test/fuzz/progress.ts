/** A bar on standard error: how much is done, how fast, and how long it will still take. */
export interface Progress {
  add(count: number): void
  end(): void
}

const WIDTH = 24
/** Between two lines: where nothing can be overwritten, such as a log, there are few. */
const EVERY_MS = { terminal: 250, log: 10_000 } as const

interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
}

export function createProgress(what: string, total: number, output: Output, nowMs: () => number): Progress {
  const begin = nowMs()
  const isTerminal = output.isTTY === true
  const everyMs = isTerminal ? EVERY_MS.terminal : EVERY_MS.log
  let [done, last] = [0, begin]
  const show = () =>
    output.write(
      `${isTerminal ? '\r' : ''}${lineOf(what, done, total, nowMs() - begin)}${isTerminal ? ' ' : '\n'}`,
    )
  return {
    add: (count) => {
      done += count
      if (nowMs() - last < everyMs) return
      last = nowMs()
      show()
    },
    end: () => {
      show()
      if (isTerminal) output.write('\n')
    },
  }
}

export function lineOf(what: string, done: number, total: number, elapsedMs: number): string {
  const share = Math.min(1, done / total)
  const full = Math.round(share * WIDTH)
  const perSecond = elapsedMs === 0 ? 0 : (done / elapsedMs) * 1000
  const left = perSecond === 0 ? 0 : (total - done) / perSecond
  const bar = '#'.repeat(full) + '.'.repeat(WIDTH - full)
  const number = (value: number) => Math.round(value).toLocaleString('en-US')
  return `${what} [${bar}] ${number(done)} of ${number(total)}, ${number(perSecond)}/s, about ${clock(Math.max(0, left))} left`
}

const clock = (seconds: number) =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
