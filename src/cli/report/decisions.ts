import type { SkimmedRecord } from '../../audit/skim.ts'
import { STEP_UP_SATISFIED } from '../../model.ts'
import { passes, type Verdict } from '../records/verdict.ts'
import type { Cells } from './cells.ts'
import { type EffectCounts, effectName, noEffects } from './effects.ts'
import { addExample, type Example } from './example.ts'
import { type Counted, createTop, cutKey } from './top.ts'

/** What the rules and reasons that decide have done, and to which actions. */
export interface DecisionsView {
  readonly effects: EffectCounts
  readonly deciders: readonly Counted<DeciderKept>[]
  readonly actions: readonly Counted<EffectCounts>[]
}

export interface DeciderKept {
  readonly effects: EffectCounts
  /** Let through by observe mode. */
  observed: number
  readonly examples: Example[]
}

export const MOST_DECIDERS = 500
export const MOST_ACTIONS = 500

export function createDecisions(cells: Cells) {
  const effects = noEffects()
  const deciders = createTop<DeciderKept>(MOST_DECIDERS, () => ({
    effects: noEffects(),
    observed: 0,
    examples: [],
  }))
  const actions = createTop<EffectCounts>(MOST_ACTIONS, noEffects)
  return {
    add: (record: SkimmedRecord, { due, isObserved }: Verdict, action: string): void => {
      const decider = deciderOf(due)
      const effect = effectName(due.effect)
      effects[effect]++
      const kept = deciders.count(cutKey(decider))
      kept.effects[effect]++
      if (isObserved) kept.observed++
      if (!passes(due.effect)) addExample(kept.examples, record, due.effect)
      actions.count(cutKey(action))[effect]++
      cells.count({ kind: isObserved ? 'observed' : 'enforced', decider, action, effect: due.effect })
    },
    read: (): DecisionsView => ({ effects, deciders: deciders.list(), actions: actions.list() }),
    full: () => [...(deciders.isFull ? ['deciders'] : []), ...(actions.isFull ? ['actions'] : [])],
  }
}

/** The rule that decided, else the reason: `policy.default.low-low`, `identity.token.expired`. */
const deciderOf = ({ rule, reasons }: Verdict['due']): string =>
  rule ?? reasons.find((reason) => reason !== STEP_UP_SATISFIED) ?? reasons[0]
