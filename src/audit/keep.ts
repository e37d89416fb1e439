import { percentileOf } from '../lib/share.ts'
import type { Outcome } from '../model.ts'

/** Whether a sink wants the record of this check. */
export type Keep = (outcome: Outcome) => boolean

/**
 * Only plain allows can be left out. Which ones is told by the decision id, so that every sink with the same share has
 * the same ones, and one with a smaller share a part of them.
 * @param percent of plain allows that are kept
 */
export function createKeep(percent: number): Keep | undefined {
  if (percent >= 100) return undefined
  return (outcome) => !isPlain(outcome) || percentileOf(outcome.check.id) < percent
}

/** Nothing about it that somebody may want to look up: it passed with all its inputs, nothing worried, no shadow rule hit. */
function isPlain({ stages, decision, answer }: Outcome): boolean {
  return (
    decision.effect === 'allow' &&
    answer.effect === 'allow' &&
    decision.degraded.length === 0 &&
    decision.shadow.length === 0 &&
    stages?.assessment.level === 'low'
  )
}
