import type { LimitReading, Reason } from '../model.ts'

/** Seconds for which abnormal behaviour is asked to pause. */
export const ANOMALY_RETRY_SECONDS = 60

export interface Excess {
  readonly limit: LimitReading
  readonly retryAfterSeconds: number
  readonly reasons: readonly [Reason, ...Reason[]]
}

/** The exceeded hard limit with the longest wait, the others only as reasons; undefined: all of them hold. */
export function excessOf(limits: readonly LimitReading[]): Excess | undefined {
  const exceeded = limits.filter((limit) => limit.used > limit.max)
  const [first] = exceeded
  if (first === undefined) return undefined
  const worst = exceeded.reduce((a, b) => (b.retryAfterSeconds > a.retryAfterSeconds ? b : a), first)
  const others = exceeded.filter((limit) => limit !== worst)
  return {
    limit: worst,
    retryAfterSeconds: Math.max(1, worst.retryAfterSeconds),
    reasons: [reasonOf(worst), ...others.map(reasonOf)],
  }
}

const reasonOf = ({ limit }: LimitReading): Reason => `policy.limit.${limit}`
