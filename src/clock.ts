/** The only door to time. Everything else takes a Clock or a plain number, so that tests own the time. */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch. */
  nowMs(): number
  /** Milliseconds on a clock that never steps back, for measuring durations. */
  monotonicMs(): number
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
}
