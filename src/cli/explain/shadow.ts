import type { ReadRecord } from '../../audit/reading.ts'
import { passes, shadowEffect } from '../records/verdict.ts'

type Shadow = ReadRecord['decision']['shadow'][number]

export interface ShadowNote extends Shadow {
  readonly sentence: string
}

const OUTCOMES: Readonly<Record<string, string>> = {
  match: 'Its condition held',
  unknown: 'Its condition read something that is missing',
  error: 'Its condition could not be evaluated, and then a rule denies',
}

/** What became of its condition. */
export const outcomeOf = (outcome: string): string => OUTCOMES[outcome] ?? outcome

/** A rule on trial. @param isFine what was decided lets the request pass */
export function shadowOf(shadow: Shadow, isFine: boolean): ShadowNote {
  const effect = shadowEffect(shadow)
  const change = isFine ? 'and the request was let through' : 'and the decision was a refusal anyway'
  const follows = !shadow.wouldDecide
    ? 'enforced, it would have changed nothing here: something else decides first, or it does not act'
    : passes(effect)
      ? `enforced, it would have decided: ${effect}`
      : `enforced, it would have decided: ${effect}, ${change}`
  return { ...shadow, sentence: `${outcomeOf(shadow.outcome)}; ${follows}.` }
}
