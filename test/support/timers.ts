interface Timer {
  readonly ms: number
  readonly run: () => void
}

/** Stands behind a `schedule`: timers that run when told. */
export interface Timers {
  readonly schedule: (ms: number, run: () => void) => () => void
  /** Takes out those that stand now, of this length or all; whoever takes them runs them. */
  take(ms?: number): readonly Timer[]
  /** Lengths of those that stand. */
  waiting(): number[]
}

export function fakeTimers(): Timers {
  let timers: Timer[] = []
  return {
    schedule: (ms, run) => {
      const timer = { ms, run }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    take: (ms) => {
      const taken = timers.filter((timer) => ms === undefined || timer.ms === ms)
      timers = timers.filter((timer) => !taken.includes(timer))
      return taken
    },
    waiting: () => timers.map(({ ms }) => ms),
  }
}
