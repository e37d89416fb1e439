/** Tails of the negative binomial distribution, stable far out where the plain sum underflows. Pure numbers. */

const LANCZOS_FIRST = 0.99999999999980993
const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]
const MAX_STEPS = 1000
const TINY = 1e-300

/** ln Γ(x) for x > 0, relative error about 1e-15 (Lanczos, g = 7). */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  const sum = LANCZOS.reduce((s, c, i) => s + c / (x + i), LANCZOS_FIRST)
  const t = x + 6.5
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum)
}

/**
 * ln P(N >= k) for N negative binomial with Gamma(shape, exposure) as its rate: what a count in one unit of time
 * is when the rate was learned as `shape` events in `exposure` units. Uses P(N >= k) = I_x(k, shape) with
 * x = 1 / (1 + exposure) and the continued fraction of NIST DLMF 8.17.22, which converges fast above the mean.
 * @returns 0 at or below the mean, where nothing is surprising.
 */
export function logUpperTail(k: number, shape: number, exposure: number): number {
  if (k <= 0 || k * exposure <= shape) return 0
  const logX = -Math.log1p(exposure)
  const logRest = Math.log(exposure) + logX
  const logFront =
    logGamma(k + shape) - logGamma(k) - logGamma(shape) + k * logX + shape * logRest - Math.log(k)
  return Math.min(0, logFront + Math.log(betaFraction(k, shape, 1 / (1 + exposure))))
}

/** The continued fraction of the incomplete beta function by the modified Lentz method. */
function betaFraction(a: number, b: number, x: number): number {
  let c = 1
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1))
  let value = d
  for (let m = 1; m <= MAX_STEPS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / guard(1 + even * d)
    c = guard(1 + even / c)
    value *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / guard(1 + odd * d)
    c = guard(1 + odd / c)
    const step = d * c
    value *= step
    if (!(Math.abs(step - 1) >= 1e-12)) break // also ends at NaN
  }
  return value
}

const guard = (v: number): number => (Math.abs(v) < TINY ? TINY : v)
