import type { RatioSummary } from './interval.ts'

/** What Vigil is held to. A goal that is missed is told, and fails nothing: machines differ. */
export interface Goal {
  readonly name: string
  readonly goal: string
  readonly measured: string
  /** `in doubt`: the interval holds the line, or something else ran, so that the figure says more of the machine. */
  readonly verdict: 'met' | 'NOT MET' | 'in doubt' | 'not measured'
  /** How far from the line, where it is not met. */
  readonly by?: string
}

/** A line that figures are to stay above or below. */
export type Line = { readonly least: number } | { readonly most: number }

/** @param measured undefined: there is no figure. @param isDoubtful the machine was busy */
export function judgeRatio(
  name: string,
  line: Line,
  measured: RatioSummary | undefined,
  isDoubtful = false,
): Goal {
  const goal = 'least' in line ? `>= ${line.least}` : `<= ${line.most}`
  if (measured === undefined) return { name, goal, measured: '-', verdict: 'not measured' }
  const { mean, low, high } = measured
  const found = { name, goal, measured: `${mean.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]` }
  if (isDoubtful) return { ...found, verdict: 'in doubt' }
  const [atWorst, atBest, bound] = 'least' in line ? [low, high, line.least] : [-high, -low, -line.most]
  if (atWorst >= bound) return { ...found, verdict: 'met' }
  // Also with a single round, which has no interval: comparisons with NaN are false.
  if (!(atBest < bound)) return { ...found, verdict: 'in doubt' }
  return { ...found, verdict: 'NOT MET', by: missedBy(mean, Math.abs(bound)) }
}

/**
 * Whether the driver's own lateness could have decided: it is in both latencies, and where it was as much as lies between the
 * interval and the line, the verdict may be that of the driver.
 * @param us the latency that is judged, and how late the driver was at the same quantile in any row it is compared with
 */
export function isWithinLateness(
  { most }: { readonly most: number },
  { low, high }: RatioSummary,
  { us, lateUs }: { readonly us: number; readonly lateUs: number },
): boolean {
  // By the ratio the other one had us / ratio, so most * us / ratio is how long this one might have taken.
  const roomUs = (ratio: number) => Math.abs(most / ratio - 1) * us
  return lateUs >= Math.min(roomUs(low), roomUs(high))
}

/** A figure without an interval. */
export function judgeMost(
  name: string,
  { most, unit }: { readonly most: number; readonly unit: string },
  measured: number | undefined,
  isDoubtful = false,
): Goal {
  const goal = `<= ${most.toLocaleString('en')} ${unit}`
  if (measured === undefined) return { name, goal, measured: '-', verdict: 'not measured' }
  const found = { name, goal, measured: `${Math.round(measured).toLocaleString('en')} ${unit}` }
  if (isDoubtful) return { ...found, verdict: 'in doubt' }
  return measured <= most
    ? { ...found, verdict: 'met' }
    : { ...found, verdict: 'NOT MET', by: missedBy(measured, most) }
}

const missedBy = (measured: number, line: number) => `${(100 * Math.abs(measured / line - 1)).toFixed(0)} %`
