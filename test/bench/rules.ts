import { TENANT } from './settings.ts'

/** Where ten rules in a hundred hold for a part of the requests, one for all, and the rest for one action each. */
const SHARES = { action: 0.9, sensitivity: 0.045 } as const
/** Those of the settings, which hold for all. */
const GLOBAL = 10
const RULES_OF_AN_ACTION = 9
const SENSITIVITIES = ['low', 'medium', 'high', 'critical'] as const

/**
 * A large policy as teams write it: nine in ten rules are of one action, nine in a hundred of one sensitivity or one tenant,
 * and the ten of the settings are for all. None of them holds. What is asked for has as many as any other.
 * @param count rules in all
 */
export function rulesOfMany(count: number): { moreRules: object[]; moreActions: object[] } {
  const ofActions = Math.round(count * SHARES.action)
  const ofSensitivities = Math.round(count * SHARES.sensitivity)
  const ofTenants = count - ofActions - ofSensitivities - GLOBAL
  const actions = Math.ceil(ofActions / RULES_OF_AN_ACTION)
  const actionOf = (i: number) => (i % actions === 0 ? 'read' : `service-${i % actions}`)
  return {
    moreRules: [
      ...rules('action', ofActions, (i) => `action.name == "${actionOf(i)}"`),
      ...rules('sensitivity', ofSensitivities, (i) => `action.sensitivity == "${SENSITIVITIES[i % 4]}"`),
      ...rules('tenant', ofTenants, (i) => `subject.tenant == "${i === 0 ? TENANT : `tenant-${i}`}"`),
    ],
    moreActions: Array.from({ length: actions - 1 }, (_, i) => ({
      name: `service-${i + 1}`,
      match: { methods: ['GET'], paths: [`/v1/services/service-${i + 1}/{item}`] },
      sensitivity: SENSITIVITIES[i % 4],
      scopes: ['read'],
    })),
  }
}

/** @param scopeOf what part of the requests the rule is for */
const rules = (kind: string, count: number, scopeOf: (i: number) => string): object[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `${kind}-${i}`,
    when: `${scopeOf(i)} && "scope-${i}" in subject.scopes && assessment.score > 0.5`,
    effect: 'deny',
  }))
