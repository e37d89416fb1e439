import { FAILURES, type SettingsProblem } from '../errors.ts'
import { didYouMean } from '../lib/nearest.ts'
import { OWN_ACTIONS } from '../model.ts'
import type { ActionSettings, RequirementSettings, RuleSettings } from './schema/decision.ts'
import type { Settings } from './schema/settings.ts'
import { duplicates, named } from './semantic-names.ts'

/** `actions`, `risk.limits`, `policy` and what they ask of a login. */

type Path = SettingsProblem['path']

/** The name of requests that match no action; conditions and limits may use it, the catalogue may not. */
const UNKNOWN_ACTION = 'unknown'

export function checkActions(actions: readonly ActionSettings[]): SettingsProblem[] {
  return [
    ...named(actions, 'actions', 'action'),
    ...actions.flatMap((action, i) => checkAction(action, ['actions', i])),
  ]
}

function checkAction(action: ActionSettings, path: Path): SettingsProblem[] {
  const problems: SettingsProblem[] = []
  if (action.name === UNKNOWN_ACTION) {
    problems.push({
      path: [...path, 'name'],
      message: '"unknown" is the name of requests that match no action; choose another',
    })
  }
  if (Object.keys(action.match).length === 0) {
    problems.push({
      path: [...path, 'match'],
      message: 'an empty match stands for every request; give paths, grpc, mcpTools, hosts or methods',
    })
  }
  return [
    ...problems,
    ...checkAnonymous(action, [...path, 'anonymous']),
    ...checkRequirement(action.authentication, [...path, 'authentication']),
  ]
}

/** Both would be asked of somebody who has shown nothing, and so nobody would come. */
function checkAnonymous(
  { anonymous, scopes, authentication }: ActionSettings,
  path: Path,
): SettingsProblem[] {
  if (!anonymous || (scopes.length === 0 && authentication === undefined)) return []
  const key = scopes.length > 0 ? 'scopes' : 'authentication'
  return [{ path, message: `no anonymous caller can have what ${key} asks for; remove one of the two` }]
}

export function checkRequirement(
  requirement: RequirementSettings | undefined,
  path: Path,
): SettingsProblem[] {
  if (requirement === undefined) return []
  const { acr, maxAgeSeconds } = requirement
  if (acr === undefined && maxAgeSeconds === undefined) {
    return [{ path, message: 'asks for nothing; give acr, maxAgeSeconds or both' }]
  }
  // Challenges send acr_values as one blank-separated list (RFC 9470 section 3).
  return (acr ?? []).flatMap((value, i) =>
    /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value)
      ? []
      : [{ path: [...path, 'acr', i], message: 'an acr value cannot hold blanks, quotes or backslashes' }],
  )
}

export function checkLimits(settings: Settings): SettingsProblem[] {
  const { limits } = settings.risk
  const names = [
    ...settings.actions.map((a) => a.name),
    UNKNOWN_ACTION,
    'unknown-tool',
    ...Object.keys(OWN_ACTIONS),
  ]
  const repeated = duplicates(
    limits.map((l) => l.name),
    (i) => ['risk', 'limits', i, 'name'],
    'limit',
  )
  const strangers = limits.flatMap((limit, i) =>
    (limit.actions ?? []).flatMap((action, j) =>
      names.includes(action)
        ? []
        : [
            {
              path: ['risk', 'limits', i, 'actions', j],
              message: `no action is called "${action}"${didYouMean(action, names)}`,
            },
          ],
    ),
  )
  return [...repeated, ...strangers]
}

export function checkRule(rule: RuleSettings, path: Path): SettingsProblem[] {
  const onlyFor = (
    key: 'stepUp' | 'retryAfterSeconds' | 'whenUnknown',
    effects: readonly string[],
  ): SettingsProblem[] =>
    rule[key] === undefined || effects.includes(rule.effect)
      ? []
      : [
          {
            path: [...path, key],
            message: `${key} is for effect ${effects.join(', ')}; this rule's effect is ${rule.effect}`,
          },
        ]
  return [
    ...checkRuleName(rule.name, [...path, 'name']),
    ...onlyFor('stepUp', ['step-up']),
    ...onlyFor('retryAfterSeconds', ['throttle']),
    ...onlyFor('whenUnknown', ['step-up', 'throttle', 'deny']),
    ...checkRequirement(rule.stepUp, [...path, 'stepUp']),
    ...checkShadow(rule.shadow, [...path, 'shadow']),
  ]
}

function checkShadow(shadow: RuleSettings['shadow'], path: Path): SettingsProblem[] {
  if (typeof shadow === 'boolean') return []
  const { percentage, tenants } = shadow
  if (percentage === undefined && tenants === undefined)
    return [{ path, message: 'names no part; write true, or give percentage, tenants or both' }]
  return duplicates(tenants ?? [], (i) => [...path, 'tenants', i], 'tenant of this list')
}

/** Records and metrics tell a rule that acted from one that could not be answered by the reason alone. */
function checkRuleName(name: string, path: Path): SettingsProblem[] {
  const reason = `policy.rule.${name}`
  if (!Object.hasOwn(FAILURES, reason)) return []
  const message = `a rule cannot be named "${name}": its reason ${reason} is one that this service gives by itself; choose another name`
  return [{ path, message }]
}
