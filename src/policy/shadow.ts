import type { RuleSettings } from '../config/schema/decision.ts'
import { percentileOf, sharerOf } from '../lib/share.ts'
import type { Subject } from '../model.ts'
import type { Input } from './variable.ts'

/** For which checks a rule is only looked at. `always` and `never` ask nothing of the check. */
export type Shadow = 'always' | 'never' | ((input: Input) => boolean)

/**
 * A rule is in shadow where all that is written holds, and enforced everywhere else: of a subject without tenant nobody
 * knows that it is one of the named. Each rule has another share of the sessions, so that not always the same people
 * meet what is new first.
 */
export function compileShadow(name: string, shadow: RuleSettings['shadow']): Shadow {
  if (typeof shadow === 'boolean') return shadow ? 'always' : 'never'
  const { percentage = 100 } = shadow
  const tenants = shadow.tenants && new Set(shadow.tenants)
  if (percentage === 0) return 'never'
  if (percentage === 100 && tenants === undefined) return 'always'
  return ({ subject, facts }) =>
    (tenants === undefined || isOf(tenants, subject)) &&
    (percentage === 100 || percentileOf(`${name}\n${sharerOf(subject, facts.address.ip)}`) < percentage)
}

export const isInShadow = (shadow: Shadow, input: Input): boolean =>
  shadow === 'always' || (shadow !== 'never' && shadow(input))

const isOf = (tenants: ReadonlySet<string>, subject: Subject): boolean =>
  subject.state === 'identified' && tenants.has(subject.credential.tenant)
