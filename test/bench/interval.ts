/** Student's t for a two-sided 95 % interval with 1 to 30 degrees of freedom. */
const T95: readonly number[] = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
]
const T95_OF_MANY = 1.96

export interface RatioSummary {
  /** Geometric mean. */
  readonly mean: number
  readonly min: number
  readonly max: number
  /** 95 % interval of the mean; NaN with fewer than two rounds. */
  readonly low: number
  readonly high: number
}

/** Ratios are compared by their logarithms: twice and half are equally far from one. */
export function summariseRatios(ratios: readonly number[]): RatioSummary {
  const logs = ratios.map(Math.log)
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length
  const freedom = logs.length - 1
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / freedom
  const half = (T95[freedom - 1] ?? T95_OF_MANY) * Math.sqrt(variance / logs.length)
  return {
    mean: Math.exp(mean),
    min: Math.min(...ratios),
    max: Math.max(...ratios),
    low: freedom > 0 ? Math.exp(mean - half) : Number.NaN,
    high: freedom > 0 ? Math.exp(mean + half) : Number.NaN,
  }
}
