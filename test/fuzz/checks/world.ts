/** Random configurations that a person could have written: every one of them is valid, and each reads differently. */
import { type Random, random } from '../random.ts'
import { ACTIONS, RULES } from './catalogue.ts'
import { type Key, type KeyAlgorithm, keyOf } from './keys.ts'
import type {
  ActionSettings,
  EntrypointSettings,
  FailureRow,
  IssuerSettings,
  PostureIssuer,
  RuleSettings,
  World,
  WorldSettings,
} from './settings.ts'
import { bundleOf } from './svid.ts'

export const API = 'https://api.example.com'
export const EDGE_PRINCIPAL = 'spiffe://mesh.example.com/ns/edge/sa/gateway'
export const TRUST_DOMAIN = 'mesh.example.com'
export const WORKLOAD = 'spiffe://mesh.example.com/ns/shop/sa/orders'
export const GATEWAY_SAN = 'spiffe://mesh.example.com/ns/edge/sa/envoy'
const APP_ORIGIN = 'https://app.example.com'

const ISSUERS: readonly [string, ...string[]] = [
  'https://idp.example.com',
  'https://login.partner.example',
  'https://idp.example.com/tenant',
]
export const POSTURE_ISSUER = 'https://mdm.example.com'

/** The keys with which an issuer signs, by what stands in its set. `enc` is published for another purpose. */
export function issuerKeys(issuer: string): readonly [Key, ...Key[]] {
  const algorithms: readonly KeyAlgorithm[] = ['ES256', 'RS256']
  const name = (alg: string) => `${issuer} ${alg}`
  return [keyOf('Ed25519', name('Ed25519')), ...algorithms.map((alg) => keyOf(alg, name(alg)))]
}
export const encryptionKey = (issuer: string): Key => keyOf('ES256', `${issuer} enc`)

function jwksOf(issuer: string, r: Random): IssuerSettings['jwks'] {
  const own = issuerKeys(issuer).map((key) => ({
    ...key.jwk,
    kid: key.kid,
    ...(r.chance(70) ? { alg: key.alg } : {}),
    ...(r.chance(70) ? { use: 'sig' } : {}),
  }))
  const enc = encryptionKey(issuer)
  return { inline: { keys: [...own, { ...enc.jwk, kid: enc.kid, use: 'enc' }] } }
}

const PROOF_ALGORITHMS: readonly [string, ...string[]] = ['Ed25519', 'ES256', 'PS256']

function issuerOf(issuer: string, r: Random): IssuerSettings {
  return {
    issuer,
    audiences: r.some([API, 'https://www.example.com', 'urn:shop']),
    jwks: jwksOf(issuer, r),
    algorithms: ['Ed25519', ...r.subset(['ES256', 'RS256'], 50)],
    tokenType: r.chance(80) ? 'at+jwt' : 'JWT',
    binding: r.pick(['required', 'when-present', 'when-present', 'optional']),
    dpop: {
      algorithms: ['Ed25519', ...r.subset(PROOF_ALGORITHMS.slice(1), 50)],
      nonce: r.chance(25) ? 'required' : 'off',
      maxAgeSeconds: r.pick([60, 10, 300]),
      maxFutureSeconds: r.pick([5, 0]),
    },
    ...(r.chance(40)
      ? { cookie: { name: r.pick(['__Host-token', 'session']), allowedOrigins: r.subset([APP_ORIGIN], 50) } }
      : {}),
    ...(r.chance(40) ? { maxLifetimeSeconds: r.pick([600, 3600]) } : {}),
    leewaySeconds: r.pick([0, 5, 30]),
    ...(r.chance(25) ? { tenant: 'acme' } : {}),
    ...(r.chance(25) ? { tenantClaim: 'org' } : {}),
    sessionClaim: r.pick(['sid', 'sid', 'session_state']),
    ...(r.chance(40) ? { deviceClaim: 'device' } : {}),
    claims: ['accounts', 'roles'],
  }
}

const entrypoint = (
  name: string,
  match: EntrypointSettings['match'],
  r: Random,
  more: Partial<EntrypointSettings> = {},
): EntrypointSettings => ({
  name,
  match,
  role: 'edge',
  trustedProxies: r.pick([0, 0, 1]),
  envoyAppends: r.chance(80),
  externalOrigins: r.pick([[API], [API, 'https://www.example.com:8443'], [API, 'http://api.example.com']]),
  peerVerified: r.chance(50),
  xfcc: r.chance(40),
  clientCertFrom: r.chance(40) ? ['198.51.100.0/24'] : [],
  edges: [],
  forwardsCredential: r.chance(75),
  ...(r.chance(40) ? { tenant: 'gate' } : {}),
  ...more,
})

function entrypointsOf(r: Random): EntrypointSettings[] {
  const inside = entrypoint('inside', r.chance(50) ? { port: 9443 } : { destinationPrincipal: 'inner' }, r, {
    role: 'inside',
    edges: r.chance(70) ? [EDGE_PRINCIPAL] : [],
  })
  const second = entrypoint('sidecar', { extension: { route: 'sidecar' }, port: 7443 }, r, {
    role: 'inside',
    externalOrigins: [],
  })
  const special = entrypoint('special', { extension: { route: 'special' } }, r, {
    ...(r.chance(30) ? { mode: 'observe' } : {}),
  })
  const named = entrypoint('named', { callerSan: GATEWAY_SAN, port: 6443 }, r)
  const first = entrypoint('gateway', r.chance(60) ? { port: 8443 } : {}, r)
  return [...r.subset([second, inside, special, named], 60), first]
}

function postureIssuer(r: Random): PostureIssuer {
  return {
    issuer: POSTURE_ISSUER,
    audiences: [API],
    jwks: jwksOf(POSTURE_ISSUER, r),
    algorithms: ['Ed25519', 'ES256'],
    leewaySeconds: 5,
    maxLifetimeSeconds: r.pick([600, 120]),
  }
}

function row(r: Random): FailureRow {
  const one = () => r.pick(['degrade', 'unavailable'] as const)
  return { low: one(), medium: one(), high: one(), critical: one() }
}

const OF_POSTURE = ['encrypted-opens', 'attested-only', 'encrypted-only']

/** A rule may name only actions that are there. */
const ABOUT: Readonly<Record<string, string>> = {
  'own-accounts': 'transfer',
  'no-refund-of-all': 'refund-tools',
}

/** Those that read the posture stand only where one is configured, and there often. */
function rulesOf(actions: readonly ActionSettings[], hasPosture: boolean, r: Random): RuleSettings[] {
  const has = (name: string) => actions.some((action) => action.name === name)
  const possible = RULES.filter(({ name }) => {
    if (OF_POSTURE.includes(name)) return hasPosture && r.chance(40)
    const about = ABOUT[name]
    return about === undefined || has(about)
  })
  const share = r.pick([0, 15, 35])
  const rules = possible.slice(1).filter(({ name }) => r.chance(OF_POSTURE.includes(name) ? 80 : share))
  return r.chance(25) ? [RULES[0] as RuleSettings, ...rules] : rules
}

function clientsOf(issuers: readonly string[], r: Random): WorldSettings['identity']['clients'] {
  if (r.chance(50)) return []
  return issuers.flatMap((issuer) => [
    { id: 'web-app', issuer, kind: 'user-app' as const },
    { id: 'batch', issuer, kind: 'machine' as const },
    { id: 'bot', issuer, kind: 'agent' as const, ...(r.chance(50) ? { audiences: [API] } : {}) },
  ])
}

/** RFC 9728: a host, one of its paths, and a host of which an action takes every path. */
const RESOURCES = [API, `${API}/mcp`, 'https://partner.example.com/v1/items']

function enforcementOf(r: Random): WorldSettings['enforcement'] {
  const isObserved = r.chance(20)
  return {
    mode: isObserved ? 'observe' : 'enforce',
    tenants: r.chance(10) ? { acme: r.pick(['enforce', 'observe']) } : {},
    hosts: r.chance(10) ? { 'partner.example.com': r.pick(['enforce', 'observe']) } : {},
    percentage: isObserved ? r.pick([100, 100, 0, 25, 50, 75]) : r.pick([100, 100, 50]),
    stepUp: r.pick<WorldSettings['enforcement']['stepUp']>([
      { maxAgeSeconds: 300 },
      { acr: ['mfa'] },
      { acr: ['mfa'], maxAgeSeconds: 60 },
    ]),
    cors: { origins: r.subset([APP_ORIGIN], 40) },
    resourceMetadata: r.chance(50) ? r.subset(RESOURCES, 60).map((resource) => ({ resource })) : [],
  }
}

function identityOf(names: readonly [string, ...string[]], r: Random): WorldSettings['identity'] {
  const clients = clientsOf(names, r)
  const hasWorkloads = r.chance(50)
  const bundle = bundleOf(r.some([API, 'urn:mesh']), ['ES256', ...r.subset(['RS256'], 50)])
  const trustDomain = {
    name: TRUST_DOMAIN,
    ...(r.chance(50) ? { tenant: 'acme' } : {}),
    ...(r.chance(70) ? bundle : {}),
  }
  return {
    issuers: names.map((name) => issuerOf(name, r)),
    clients,
    // Without a list everybody would be refused.
    unlistedClients: clients.length > 0 && r.chance(40) ? 'refuse' : 'accept',
    workloads: { trustDomains: hasWorkloads ? [trustDomain] : [] },
    cache: { maxTokens: r.chance(12) ? 0 : 10_000 },
  }
}

function contextOf(hasPosture: boolean, r: Random): WorldSettings['context'] {
  const posture = { header: 'x-device-posture', issuers: [postureIssuer(r)], claims: ['disk', 'os'] }
  return {
    device: { idHeader: 'x-device-id', ...(hasPosture ? { posture } : {}) },
    requestHeaders: ['x-region'],
    paths: {
      parameters: r.chance(70) ? 'refuse' : 'allow',
      encodedSlashes: r.chance(60) ? 'refuse' : 'allow',
    },
    mcp: { versions: r.some(['2026-07-28', '2026-11-05']) },
  }
}

/** The first request of a case always fits. */
const limitsOf = (r: Random): object[] =>
  r.subset(['subject', 'session', 'client', 'address', 'action'], 6).map((per) => ({
    name: `per-${per}`,
    per,
    requests: r.pick([1, 2]),
    windowSeconds: r.pick([1, 60]),
  }))

/** The world of this number. */
export function makeWorld(seed: number): World {
  const r = random(seed)
  const actions = r.some(ACTIONS as readonly [ActionSettings, ...ActionSettings[]])
  const hasPosture = r.chance(50)
  const settings: WorldSettings = {
    entrypoints: entrypointsOf(r),
    identity: identityOf(r.some(ISSUERS), r),
    context: contextOf(hasPosture, r),
    actions,
    unknownAction: {
      effect: r.chance(75) ? 'deny' : 'evaluate',
      sensitivity: r.pick(['low', 'medium', 'high', 'critical']),
    },
    policy: rulesOf(actions, hasPosture, r),
    risk: { limits: limitsOf(r) },
    enforcement: enforcementOf(r),
    failure: { store: row(r), replay: row(r) },
    audit: { sinks: [] },
  }
  const isCallerAcknowledged = r.chance(70)
  return { settings, isCallerAcknowledged, ...(r.chance(10) ? { callers: [GATEWAY_SAN] } : {}) }
}
