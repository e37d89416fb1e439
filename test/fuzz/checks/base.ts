/** Requests that would pass: each world's own callers, with everything that their action asks for. */
import { createHopSigner } from '../../../src/tokens/hop.ts'
import { createNonces } from '../../../src/tokens/nonce.ts'
import { countedEntropy, TEST_KEYS } from '../../harness/app.ts'
import { LAPTOP, SVID } from './certificates.ts'
import type { Draft } from './draft.ts'
import { draftOf, type Members } from './jwt.ts'
import { type Key, keyOf } from './keys.ts'
import type { Ledger } from './ledger.ts'
import { addMcpHeaders } from './mcp.ts'
import type { ActionSettings, EntrypointSettings, IssuerSettings, World } from './settings.ts'
import { addSvid, isForSvid } from './svid.ts'
import { API, GATEWAY_SAN, issuerKeys, POSTURE_ISSUER, TRUST_DOMAIN, WORKLOAD } from './world.ts'

const WORKLOAD_PATH = WORKLOAD.slice(`spiffe://${TRUST_DOMAIN}`.length)

/** When every case begins (2026-11-22T09:00:00Z). */
export const NOW_MS = Date.UTC(2026, 10, 22, 9)

export const nonces = createNonces(TEST_KEYS.nonce, countedEntropy())
export const hops = createHopSigner(TEST_KEYS.hop)

/** Numbers from which a base is chosen; each is taken modulo what there is to choose from. */
export interface Choice {
  readonly entrypoint: number
  readonly action: number
  readonly issuer: number
  readonly binding: number
  readonly who: number
  readonly way: number
}

/** A place in a list that the number stands for. */
const at = <T>(list: readonly T[], n: number): T | undefined => list[n % Math.max(1, list.length)]

/** Everybody who calls, and the client with which he does. */
const CALLERS = [
  { sub: 'alice', client: 'web-app' },
  { sub: 'batch', client: 'batch' },
  { sub: 'alice', client: 'bot', act: { sub: 'bot' } },
  { sub: 'bob@example.com', client: 'web-app' },
] as const

export const DEVICE_KEY = keyOf('Ed25519', 'device of alice')
export const DEVICE_KEY_EC = keyOf('ES256', 'device of alice')
export const DEVICE_KEY_RSA = keyOf('RS256', 'device of alice')
export const THIEF_KEY = keyOf('Ed25519', 'device of a thief')

/** A request of this world. `count` makes what may be used once (jti) new each time. */
export function makeBase(world: World, choice: Choice, atMs: number, count: number, ledger: Ledger): Draft {
  const { settings } = world
  const entrypoint = at(settings.entrypoints, choice.entrypoint) as EntrypointSettings
  const action = actionFor(world, choice)
  const draft = plainRequest(world, entrypoint, action, choice, atMs, count)
  addMcpHeaders(draft, action, world, choice.way)
  const isWorkload =
    settings.identity.workloads.trustDomains.length > 0 &&
    entrypoint.peerVerified &&
    isBelieved(draft, world) &&
    action.scopes.length === 0
  if (choice.way % 4 === 3 && (action.anonymous || isWorkload)) {
    if (isWorkload && choice.way % 8 === 7) beWorkload(draft, entrypoint)
    return draft
  }
  const domain = settings.identity.workloads.trustDomains.find(({ jwks }) => jwks !== undefined)
  if (domain !== undefined && choice.way % 4 !== 1 && isForSvid(action)) {
    addSvid(draft, domain, WORKLOAD_PATH, choice.way)
    return draft
  }
  const issuer = at(settings.identity.issuers, choice.issuer) as IssuerSettings
  addToken(draft, issuer, action, choice)
  addBinding(draft, world, issuer, entrypoint, choice, count, ledger)
  const isWanted = settings.policy.some(({ name }) => /^(attested|encrypted)-/.test(name))
  if (isWanted ? choice.way % 7 !== 1 : choice.way % 7 === 1) addPosture(draft, world, choice)
  return draft
}

/** One of the catalogue; now and then what Vigil itself answers, told as an action. */
function actionFor({ settings }: World, choice: Choice): ActionSettings {
  const resource = at(settings.enforcement.resourceMetadata ?? [], choice.who)?.resource
  if (resource === undefined || choice.action % 12 !== 11)
    return at(settings.actions, choice.action) as ActionSettings
  const { host, pathname } = new URL(resource)
  const path = `/.well-known/oauth-protected-resource${pathname === '/' ? '' : pathname}`
  const match = { methods: ['GET', 'HEAD'], hosts: [host], paths: [path] }
  return { name: 'resource-metadata', match, sensitivity: 'low', scopes: [], anonymous: true }
}

function plainRequest(
  world: World,
  entrypoint: EntrypointSettings,
  action: ActionSettings,
  choice: Choice,
  atMs: number,
  count: number,
): Draft {
  const { match } = entrypoint
  const isNamed = match.callerSan !== undefined || world.callers !== undefined || choice.way % 2 === 0
  const host = at(action.match.hosts ?? ['api.example.com'], choice.who) ?? ''
  const isPost = action.match.grpc !== undefined
  return {
    atMs,
    caller: isNamed ? { state: 'verified', sans: [GATEWAY_SAN] } : { state: 'unverified', sans: [] },
    method: isPost ? 'POST' : (at(action.match.methods ?? ['GET', 'POST'], choice.who) ?? 'GET'),
    scheme: 'https',
    host: host.replace('*.', 'eu.'),
    path: pathOf(action, choice),
    protocol: 'HTTP/2',
    streamId: `stream-${count}`,
    timeSeconds: Math.floor(atMs / 1000),
    source: {
      ip: `198.51.100.${choice.who % 200}`,
      port: 40_000 + (count % 20_000),
      principal: '',
      certificate: '',
    },
    destination: {
      ip: '192.0.2.10',
      port: match.port ?? 8443,
      principal: match.destinationPrincipal ?? '',
    },
    extensions: { ...match.extension },
    form: choice.way % 5 < 2 ? 'raw' : 'joined',
    token: undefined,
    carriage: { kind: 'authorization', scheme: 'Bearer' },
    proof: undefined,
    posture: undefined,
    postureHeader: world.settings.context.device.posture?.header ?? 'x-device-posture',
    hop: undefined,
    headers: [
      ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0'],
      ['x-request-id', `r${count}`],
    ],
    bytes: [],
    store: 'good',
  }
}

function pathOf(action: ActionSettings, choice: Choice): string {
  const { paths, grpc } = action.match
  const template = grpc === undefined ? at(paths ?? ['/'], choice.who) : `/${at(grpc, choice.who)}`
  const text = template ?? '/'
  return text
    .replace('*', 'List')
    .replace('{account}', 'a1')
    .replace('{id}', at(['7', 'slow', '8', 'x.y'], choice.who) ?? '7')
    .replace(/\{\w+\.\.\.\}/, choice.who % 2 === 0 ? 'docs/a.txt' : 'x')
}

function addToken(draft: Draft, issuer: IssuerSettings, action: ActionSettings, choice: Choice) {
  const audience = at(issuer.audiences, choice.who)
  const wanted = at(CALLERS, choice.who) ?? CALLERS[0]
  // An agent whose audiences are listed may not use every one of them.
  const isBarred = wanted.client === 'bot' && audience !== API
  const caller = isBarred ? CALLERS[0] : wanted
  const keys = issuerKeys(issuer.issuer).filter(({ alg }) => issuer.algorithms.includes(alg))
  // Mostly the key that costs least.
  const key = (choice.issuer % 8 === 7 ? at(keys, choice.issuer) : keys[0]) as Key
  const iat = Math.floor(draft.atMs / 1000) - 30
  const claims: Members = {
    iss: issuer.issuer,
    sub: caller.sub,
    aud: audience,
    client_id: caller.client,
    iat,
    exp: iat + 300,
    jti: `token-${choice.who % 50}`,
    scope: [...action.scopes, 'openid'].join(' '),
    [issuer.sessionClaim]: `session-${choice.who % 5}`,
    acr: action.authentication?.acr?.[0] ?? 'pwd',
    amr: ['pwd'],
    auth_time: iat - 10,
    accounts: ['a1', 'a2'],
    roles: ['member'],
    ...('act' in caller ? { act: caller.act } : {}),
    ...(issuer.deviceClaim === undefined ? {} : { [issuer.deviceClaim]: 'laptop-1' }),
    ...(issuer.tenantClaim === undefined ? {} : { [issuer.tenantClaim]: 'umbrella' }),
  }
  draft.token = draftOf(key, { typ: issuer.tokenType, alg: key.alg, kid: key.kid }, claims)
  if (issuer.cookie !== undefined && choice.way % 4 === 1) {
    draft.carriage = { kind: 'cookie', name: issuer.cookie.name }
    draft.headers.push(['sec-fetch-site', 'same-origin'])
  }
}

const isBelieved = ({ caller }: Draft, { isCallerAcknowledged }: World): boolean =>
  caller.state === 'verified' || isCallerAcknowledged

type Binding = 'none' | 'dpop' | 'mtls' | 'both'

function addBinding(
  draft: Draft,
  world: World,
  issuer: IssuerSettings,
  entrypoint: EntrypointSettings,
  choice: Choice,
  count: number,
  ledger: Ledger,
) {
  const isHopped = entrypoint.role === 'inside' && choice.binding % 3 === 2
  const canProve = entrypoint.externalOrigins.length > 0 || isHopped
  const binding = at(possibleBindings(issuer, canProve, isBelieved(draft, world)), choice.binding) ?? 'none'
  if (draft.token === undefined) return
  const key = proofKey(issuer, choice)
  const isProved = binding === 'dpop' || binding === 'both'
  const isCertified = binding === 'mtls' || binding === 'both'
  if (binding !== 'none') draft.token.claims['cnf'] = confirmationOf(key, isProved, isCertified)
  if (isCertified) showCertificate(draft, entrypoint, choice)
  if (isProved && draft.carriage.kind === 'authorization') draft.carriage.scheme = 'DPoP'
  if (isHopped) draft.hop = HOP_WORDS[binding]
  else if (isProved) draft.proof = proofOf(draft, issuer, entrypoint, key, count, ledger)
}

const confirmationOf = (key: Key, isProved: boolean, isCertified: boolean): Members => ({
  ...(isCertified ? { 'x5t#S256': LAPTOP.x5t } : {}),
  ...(isProved ? { jkt: key.jkt } : {}),
})

const HOP_WORDS = { none: 'none', dpop: 'dpop', mtls: 'mtls', both: 'dpop+mtls' } as const

function possibleBindings({ binding }: IssuerSettings, canProve: boolean, isHeard: boolean): Binding[] {
  return [
    ...(binding === 'required' ? [] : (['none'] as const)),
    ...(canProve ? (['dpop', 'dpop'] as const) : []),
    ...(isHeard ? (['mtls'] as const) : []),
    ...(canProve && isHeard ? (['both'] as const) : []),
  ]
}

function proofKey(issuer: IssuerSettings, choice: Choice): Key {
  const { algorithms } = issuer.dpop
  if (choice.binding % 5 === 4 && algorithms.includes('ES256')) return DEVICE_KEY_EC
  if (choice.binding % 16 === 15 && algorithms.includes('PS256')) return DEVICE_KEY_RSA
  return DEVICE_KEY
}

/** In whichever way this entrypoint believes. */
function showCertificate(draft: Draft, { xfcc, clientCertFrom }: EntrypointSettings, { who }: Choice) {
  if (xfcc && who % 3 === 1) {
    const hex = Buffer.from(LAPTOP.x5t, 'base64url').toString('hex')
    draft.headers.push(['x-forwarded-client-cert', `By=spiffe://x/y;Hash=${hex};Subject="CN=laptop, O=x"`])
  } else if (clientCertFrom.length > 0 && who % 3 === 2) {
    draft.headers.push(['client-cert', `:${LAPTOP.der.toString('base64')}:`])
  } else {
    draft.source.certificate = encodeURIComponent(LAPTOP.pem)
  }
}

function proofOf(
  draft: Draft,
  issuer: IssuerSettings,
  entrypoint: EntrypointSettings,
  key: Key,
  count: number,
  ledger: Ledger,
) {
  const origin = entrypoint.externalOrigins[0] ?? API
  const alg = key.alg === 'RS256' ? 'PS256' : key.alg
  const claims: Members = {
    jti: `proof-${count}`,
    htm: draft.method,
    htu: origin + draft.path,
    iat: Math.floor(draft.atMs / 1000),
  }
  if (issuer.dpop.nonce === 'required') {
    const nonce = nonces.issue(key.jkt, draft.atMs - 1000)
    ledger.nonces.set(nonce, { jkt: key.jkt, atMs: draft.atMs - 1000 })
    claims['nonce'] = nonce
  }
  return draftOf(key, { typ: 'dpop+jwt', alg, jwk: key.jwk }, claims)
}

function addPosture(draft: Draft, { settings }: World, choice: Choice) {
  if (settings.context.device.posture === undefined) return
  const key = issuerKeys(POSTURE_ISSUER)[0]
  const iat = Math.floor(draft.atMs / 1000) - 5
  const cnf = draft.token?.claims['cnf']
  const claims: Members = {
    iss: POSTURE_ISSUER,
    sub: 'laptop-1',
    aud: API,
    iat,
    exp: iat + 100,
    ...(cnf === undefined || choice.who % 5 === 4 ? {} : { cnf }),
    posture: { disk: 'encrypted', os: 'current' },
  }
  draft.posture = draftOf(key, { typ: 'device-posture+jwt', alg: key.alg, kid: key.kid }, claims)
}

/** No token: the peer itself, by its certificate. */
function beWorkload(draft: Draft, { xfcc }: EntrypointSettings) {
  if (xfcc) draft.headers.push(['x-forwarded-client-cert', `URI=${WORKLOAD}`])
  else {
    draft.source.principal = WORKLOAD
    draft.source.certificate = encodeURIComponent(SVID.pem)
  }
}

/** A hop as the edge in front would have set it, for the token as it is now. */
export function issueHop(draft: Draft, tokenHash: string, ledger: Ledger): string | undefined {
  const { hop: binding, method, host } = draft
  if (binding === undefined) return undefined
  const claims = {
    tokenHash,
    binding,
    method,
    authority: host,
    decisionId: `edge-${draft.streamId}`,
    atMs: draft.atMs - 500,
  }
  const hop = hops.sign(claims)
  ledger.hops.set(hop, claims)
  return hop
}
