import type { SkimmedRecord } from '../../audit/skim.ts'
import { outcomeOf } from '../explain/shadow.ts'
import { passes, shadowEffect, type Verdict } from '../records/verdict.ts'
import type { Cells } from './cells.ts'
import { addExample, type Example } from './example.ts'
import { type Counted, createTop, cutKey } from './top.ts'

/** What shadow rules would have done. */
export interface TrialKept {
  effect: string
  match: number
  unknown: number
  error: number
  /** Enforced, it would have decided. */
  wouldDecide: number
  /** Of these: requests that passed and would not have. */
  wouldRefuse: number
  /** Of these: requests that were refused and would have passed. */
  wouldPass: number
  readonly examples: Example[]
}

export const MOST_TRIALS = 500

type Shadow = SkimmedRecord['decision']['shadow'][number]

export function createTrials(cells: Cells) {
  const trials = createTop<TrialKept>(MOST_TRIALS, newTrial)

  /** @returns whether the rule would have refused what passed */
  function addOne(shadow: Shadow, record: SkimmedRecord, { due }: Verdict, action: string): boolean {
    const effect = shadowEffect(shadow)
    const kept = trials.count(cutKey(shadow.rule))
    kept.effect = cutKey(shadow.effect)
    tallyOutcome(kept, shadow.outcome)
    if (!shadow.wouldDecide) return false
    kept.wouldDecide++
    cells.count({ kind: 'shadow', decider: shadow.rule, action, effect })
    const isFine = passes(due.effect)
    if (passes(effect) === isFine) return false
    if (isFine) kept.wouldRefuse++
    else kept.wouldPass++
    const why = `${outcomeOf(shadow.outcome)}; the decision was ${due.effect}.`
    addExample(kept.examples, record, effect, why)
    return isFine
  }

  return {
    /** @returns whether any rule on trial would have refused what passed */
    add: (record: SkimmedRecord, verdict: Verdict, action: string): boolean => {
      let isRefused = false
      for (const shadow of verdict.due.shadow)
        isRefused = addOne(shadow, record, verdict, action) || isRefused
      return isRefused
    },
    read: (): readonly Counted<TrialKept>[] => trials.list(),
    full: () => (trials.isFull ? ['shadow rules'] : []),
  }
}

const newTrial = (): TrialKept => ({
  effect: '',
  match: 0,
  unknown: 0,
  error: 0,
  wouldDecide: 0,
  wouldRefuse: 0,
  wouldPass: 0,
  examples: [],
})

function tallyOutcome(kept: TrialKept, outcome: string): void {
  if (outcome === 'match' || outcome === 'unknown' || outcome === 'error') kept[outcome]++
}
