import type { RuleSettings } from '../config/schema/decision.ts'
import type { Reason, Requirement, Sensitivity, ShadowOutcome } from '../model.ts'
import type { Scope, Test, Verdict } from './engine.ts'
import { isInShadow, type Shadow } from './shadow.ts'
import type { Expr } from './syntax.ts'

/** One compiled rule. */
export interface Rule {
  /** Its place in the list: the first match wins. */
  readonly order: number
  readonly name: string
  readonly reason: Reason
  /** Its name, and what it is for as far as its author says: for records. */
  readonly label: string
  readonly effect: RuleSettings['effect']
  readonly whenUnknown?: 'match' | 'skip'
  readonly stepUp?: Requirement
  readonly retryAfterSeconds: number
  readonly shadow: Shadow
  readonly test: Test
  /** The condition, for whoever has to explain it; absent for `true` and `false`. */
  readonly expr: Expr | undefined
  readonly applies: Applies
}

/** Values without which a rule cannot match; absent: any. */
export interface Applies {
  readonly actions?: ReadonlySet<string>
  readonly sensitivities?: ReadonlySet<string>
  readonly tenants?: ReadonlySet<string>
}

/** Why a rule acts. */
export type Cause = 'match' | 'unknown' | 'error'

export interface Ruling {
  /** The first rule that acts; absent: none. */
  readonly rule?: Rule
  readonly cause: Cause
  /** Every rule that is in shadow for this check, whose condition did not say no, those after the acting rule too. */
  readonly shadow: readonly ShadowOutcome[]
  /** Restricting rules before it that were skipped because something was missing. */
  readonly skipped: readonly string[]
}

/** Goes through the rules in order until one acts; after it only rules in shadow are looked at. */
export function rule(rules: readonly Rule[], scope: Scope, sensitivity: Sensitivity): Ruling {
  const shadow: ShadowOutcome[] = []
  const skipped: string[] = []
  let acting: Pick<Ruling, 'rule' | 'cause'> = { cause: 'match' }
  for (const candidate of rules) {
    const isOpen = acting.rule === undefined
    if (!isOpen && candidate.shadow === 'never') continue
    const verdict = candidate.test(scope)
    if (verdict === false) continue
    const cause = causeOf(verdict)
    const follows = whatFollows(candidate, cause, sensitivity)
    if (isInShadow(candidate.shadow, scope.input)) {
      const { name, effect } = candidate
      shadow.push({ rule: name, effect, outcome: cause, wouldDecide: isOpen && follows === 'act' })
      continue
    }
    if (!isOpen) continue
    if (follows === 'act') acting = { rule: candidate, cause }
    else if (follows === 'degrade') skipped.push(`rule:${candidate.name}`)
  }
  return { ...acting, shadow, skipped }
}

const causeOf = (verdict: Verdict): Cause => (typeof verdict === 'boolean' ? 'match' : verdict)

type Follows = 'act' | 'pass' | 'degrade'

const whatFollows = (candidate: Rule, cause: Cause, sensitivity: Sensitivity): Follows =>
  cause === 'unknown' ? onUnknown(candidate, sensitivity) : 'act'

/**
 * What something missing means for a rule. It never widens: an allowing rule is passed over. A restricting rule that
 * the operator did not decide is passed over visibly, and only where little is at stake.
 */
function onUnknown(candidate: Rule, sensitivity: Sensitivity): Follows {
  if (candidate.effect === 'allow' || candidate.effect === 'monitor') return 'pass'
  if (candidate.whenUnknown !== undefined) return candidate.whenUnknown === 'match' ? 'act' : 'pass'
  if (candidate.effect === 'deny') return 'act'
  return sensitivity === 'low' || sensitivity === 'medium' ? 'degrade' : 'act'
}
