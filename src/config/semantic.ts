import { FAILURES, type SettingsProblem } from '../errors.ts'
import { normaliseCidr } from '../lib/ip.ts'
import { didYouMean } from '../lib/nearest.ts'
import { SECRET_HEADERS } from '../lib/secret-headers.ts'
import { OWN_ACTIONS } from '../model.ts'
import { observedPlaces } from './observed.ts'
import type { ActionSettings, RequirementSettings, RuleSettings } from './schema/decision.ts'
import type { EntrypointSettings } from './schema/entrypoints.ts'
import type { IssuerSettings } from './schema/identity.ts'
import type { PostureSettings } from './schema/posture.ts'
import type { Settings } from './schema/settings.ts'
import { checkAnswers } from './semantic-answers.ts'
import { checkAudit } from './semantic-audit.ts'
import { checkClients } from './semantic-clients.ts'
import { checkTrustDomain, plainFetch } from './semantic-keys.ts'

/** What a schema cannot say about `vigil.yaml`: names that must differ or exist, and keys that need each other. */

type Path = readonly (string | number)[]

/** The name of requests that match no action; conditions and limits may use it, the catalogue may not. */
const UNKNOWN_ACTION = 'unknown'

/** Every contradiction in settings that passed the schema. */
export function checkSettings(settings: Settings): SettingsProblem[] {
  return [
    ...checkEntrypoints(settings.entrypoints),
    ...duplicates(
      settings.identity.issuers.map((i) => i.issuer),
      (i) => ['identity', 'issuers', i, 'issuer'],
      'issuer',
    ),
    ...settings.identity.issuers.flatMap((issuer, i) => checkIssuer(issuer, ['identity', 'issuers', i])),
    ...checkClients(settings.identity),
    ...duplicates(
      settings.identity.workloads.trustDomains.map(({ name }) => name),
      (i) => ['identity', 'workloads', 'trustDomains', i, 'name'],
      'trust domain',
    ),
    ...settings.identity.workloads.trustDomains.flatMap(checkTrustDomain),
    ...checkHeaders(settings),
    ...named(settings.actions, 'actions', 'action'),
    ...settings.actions.flatMap((action, i) => checkAction(action, ['actions', i])),
    ...checkLimits(settings),
    ...settings.policy.flatMap((rule, i) => checkRule(rule, ['policy', i])),
    ...checkRequirement(settings.enforcement.stepUp, ['enforcement', 'stepUp']),
    ...checkPercentage(settings),
    ...checkAudit(settings.audit),
    ...checkAnswers(settings.enforcement, settings.identity.issuers.length),
  ]
}

/** Every value that stood before, told at its second place. */
export function duplicates(
  values: readonly string[],
  pathOf: (index: number) => Path,
  what: string,
): SettingsProblem[] {
  const seen = new Set<string>()
  return values.flatMap((value, index) => {
    if (!seen.has(value)) {
      seen.add(value)
      return []
    }
    return [{ path: pathOf(index), message: `another ${what} is called "${value}" already` }]
  })
}

const named = (
  items: readonly { readonly name: string }[],
  section: string,
  what: string,
): SettingsProblem[] =>
  duplicates(
    items.map((item) => item.name),
    (i) => [section, i, 'name'],
    what,
  )

function checkEntrypoints(entrypoints: readonly EntrypointSettings[]): SettingsProblem[] {
  const problems = named(entrypoints, 'entrypoints', 'entrypoint')
  const taker = entrypoints.findIndex((e) => Object.keys(e.match).length === 0)
  if (taker >= 0 && taker < entrypoints.length - 1) {
    const message = `entrypoint "${entrypoints[taker]?.name}" has no match and takes every check, so the ones after it are never used; put it last`
    problems.push({ path: ['entrypoints', taker], message })
  }
  return [...problems, ...entrypoints.flatMap((e, i) => checkEntrypoint(e, ['entrypoints', i]))]
}

function checkEntrypoint(entrypoint: EntrypointSettings, path: Path): SettingsProblem[] {
  const networks = entrypoint.clientCertFrom.flatMap((text, i) =>
    normaliseCidr(text) !== undefined
      ? []
      : [{ path: [...path, 'clientCertFrom', i], message: 'write an address or a network, e.g. 10.0.0.0/8' }],
  )
  if (entrypoint.role === 'inside' || entrypoint.edges.length === 0) return networks
  return [
    ...networks,
    { path: [...path, 'edges'], message: 'edges belong to entrypoints with role "inside"' },
  ]
}

function checkKeys({ issuer, jwks }: Pick<IssuerSettings, 'issuer' | 'jwks'>, path: Path): SettingsProblem[] {
  const uriFault = jwks.uri === undefined ? undefined : plainFetch(jwks.uri)
  const issuerFault = jwks.discovery === true ? plainFetch(issuer) : undefined
  return [
    ...(uriFault === undefined ? [] : [{ path: [...path, 'jwks', 'uri'], message: uriFault }]),
    ...(issuerFault === undefined
      ? []
      : [{ path: [...path, 'issuer'], message: `discovery asks the issuer: ${issuerFault}` }]),
  ]
}

function checkIssuer(issuer: IssuerSettings, path: Path): SettingsProblem[] {
  const both = issuer.tenant !== undefined && issuer.tenantClaim !== undefined
  return [
    ...checkKeys(issuer, path),
    ...(both ? [{ path: [...path, 'tenantClaim'], message: 'give tenant or tenantClaim, not both' }] : []),
    ...(issuer.cookie?.allowedOrigins ?? []).flatMap((origin, i) =>
      URL.canParse(origin)
        ? []
        : [{ path: [...path, 'cookie', 'allowedOrigins', i], message: `cannot read "${origin}"` }],
    ),
    ...duplicates(issuer.claims, (i) => [...path, 'claims', i], 'claim of this list'),
    ...duplicates(issuer.audiences, (i) => [...path, 'audiences', i], 'audience of this list'),
  ]
}

function checkHeaders(settings: Settings): SettingsProblem[] {
  const { device, requestHeaders } = settings.context
  // A posture token is a credential, too: who has it can show it.
  const isSecret = (header: string) =>
    SECRET_HEADERS.has(header) || header === device.posture?.header || /^x[-_]vigil[-_]/.test(header)
  const refusal = (header: string) =>
    `"${header}" carries a credential or this service's own word; it cannot be read here`
  const id = isSecret(device.idHeader)
    ? [{ path: ['context', 'device', 'idHeader'], message: refusal(device.idHeader) }]
    : []
  const fingerprints = settings.entrypoints.flatMap(({ fingerprintHeader: header }, i) =>
    header !== undefined && isSecret(header)
      ? [{ path: ['entrypoints', i, 'fingerprintHeader'], message: refusal(header) }]
      : [],
  )
  const read = requestHeaders.flatMap((header, i) =>
    isSecret(header) ? [{ path: ['context', 'requestHeaders', i], message: refusal(header) }] : [],
  )
  return [...id, ...fingerprints, ...read, ...checkPosture(device.posture)]
}

function checkPosture(posture: PostureSettings | undefined): SettingsProblem[] {
  if (posture === undefined) return []
  const path = ['context', 'device', 'posture']
  const taken = SECRET_HEADERS.has(posture.header) || /^x[-_]vigil[-_]/.test(posture.header)
  return [
    ...(taken
      ? [{ path: [...path, 'header'], message: `"${posture.header}" carries something else already` }]
      : []),
    ...duplicates(
      posture.issuers.map(({ issuer }) => issuer),
      (i) => [...path, 'issuers', i, 'issuer'],
      'issuer of postures',
    ),
    ...posture.issuers.flatMap((issuer, i) => checkKeys(issuer, [...path, 'issuers', i])),
    ...duplicates(posture.claims, (i) => [...path, 'claims', i], 'claim of this list'),
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

function checkRequirement(requirement: RequirementSettings | undefined, path: Path): SettingsProblem[] {
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

function checkLimits(settings: Settings): SettingsProblem[] {
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

function checkPercentage(settings: Settings): SettingsProblem[] {
  if (settings.enforcement.percentage === 100 || observedPlaces(settings).length > 0) return []
  const message = 'percentage is the share that is observed, and nothing is: the mode is enforce everywhere'
  return [{ path: ['enforcement', 'percentage'], message }]
}

function checkRule(rule: RuleSettings, path: Path): SettingsProblem[] {
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
