import type { SkimmedRecord } from '../../audit/skim.ts'

/** What one record says: the decision, and whether the request went through. */
export interface Verdict<Decision = SkimmedRecord['decision']> {
  /** What gate, limits, rules and default table made of the check. */
  readonly due: Decision
  readonly isPassed: boolean
  /** The request went through although the decision was another: somebody only watched. */
  readonly isObserved: boolean
}

/** The effects that let a request pass. */
const PASSING: ReadonlySet<string> = new Set(['allow', 'monitor'])

export const passes = (effect: string): boolean => PASSING.has(effect)

/** The one place that knows how a record tells what was decided from what was done. */
export function verdictOf<Decision extends { readonly effect: string }>({
  decision,
  mode,
}: {
  readonly decision: Decision
  readonly mode?: string | undefined
}): Verdict<Decision> {
  const isRefusal = !passes(decision.effect)
  const isObserved = isRefusal && mode === 'observe'
  return { due: decision, isPassed: !isRefusal || isObserved, isObserved }
}

/** What an enforced rule with this outcome does: one that goes wrong denies, whatever its effect. */
export const shadowEffect = ({ effect, outcome }: SkimmedRecord['decision']['shadow'][number]): string =>
  outcome === 'error' ? 'deny' : effect
