import type { UnknownActionSettings } from '../config/schema/decision.ts'
import type { EnforcementSettings, FailureSettings } from '../config/schema/enforcement.ts'
import type { Requirement } from '../model.ts'
import type { RuleIndex } from './index-rules.ts'

/** The compiled part of one snapshot that the policy stage works with. */
export interface PolicyConfig {
  readonly rules: RuleIndex
  readonly unknownAction: UnknownActionSettings['effect']
  readonly failure: FailureSettings
  /** What step-up asks for when neither the rule nor the action says. */
  readonly stepUp: Requirement
  /** `Retry-After` of answers that are Vigil's own fault. */
  readonly retryAfterSeconds: EnforcementSettings['retryAfterSeconds']
  /** Request headers that conditions may read, lower case. */
  readonly headers: ReadonlySet<string>
}
