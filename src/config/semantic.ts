import type { SettingsProblem } from '../errors.ts'
import { observedPlaces } from './observed.ts'
import type { Settings } from './schema/settings.ts'
import { checkAnswers } from './semantic-answers.ts'
import { checkAudit } from './semantic-audit.ts'
import { checkEntrypoints } from './semantic-entrypoints.ts'
import { checkHeaders } from './semantic-headers.ts'
import { checkIdentity } from './semantic-identity.ts'
import { checkActions, checkLimits, checkRequirement, checkRule } from './semantic-rules.ts'

/** What a schema cannot say about `vigil.yaml`: names that must differ or exist, and keys that need each other. */

/** Every contradiction in settings that passed the schema. */
export function checkSettings(settings: Settings): SettingsProblem[] {
  return [
    ...checkEntrypoints(settings.entrypoints),
    ...checkIdentity(settings.identity),
    ...checkHeaders(settings),
    ...checkActions(settings.actions),
    ...checkLimits(settings),
    ...settings.policy.flatMap((rule, i) => checkRule(rule, ['policy', i])),
    ...checkRequirement(settings.enforcement.stepUp, ['enforcement', 'stepUp']),
    ...checkPercentage(settings),
    ...checkAudit(settings.audit),
    ...checkAnswers(settings.enforcement, settings.identity.issuers.length),
  ]
}

function checkPercentage(settings: Settings): SettingsProblem[] {
  if (settings.enforcement.percentage === 100 || observedPlaces(settings).length > 0) return []
  const message = 'percentage is the share that is observed, and nothing is: the mode is enforce everywhere'
  return [{ path: ['enforcement', 'percentage'], message }]
}
