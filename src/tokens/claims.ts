import { type Refused, type Result, refused } from '../identity/contract.ts'
import { claimedAll, configured, seconds } from '../lib/claimed.ts'
import { flawOfActors } from './actors.ts'
import type { Issuer } from './issuer.ts'
import { isPlainObject } from './json.ts'

/** Claims of an access token after every type has been checked (RFC 9068 section 2.2, RFC 8693, RFC 7800). */
export interface AccessClaims {
  readonly iss: string
  readonly sub: string
  readonly client: string
  readonly exp: number
  readonly iat: number
  readonly jti?: string
  readonly scope?: string
  readonly acr?: string
  readonly amr?: readonly string[]
  readonly auth_time?: number
  /** Read with `actorsOf`. */
  readonly act?: Readonly<Record<string, unknown>>
  readonly cnf?: Readonly<Record<string, unknown>>
  readonly session?: string
  readonly device?: string
  readonly tenant?: string
  /** All claims as they came. */
  readonly raw: Readonly<Record<string, unknown>>
}

type Raw = Readonly<Record<string, unknown>>
type Test = (value: unknown) => boolean

/** RFC 6749 section 3.3. */
const SCOPE = /^[\x20\x21\x23-\x5B\x5D-\x7E]*$/

const isText: Test = (value) => typeof value === 'string' && value !== ''
const isTime: Test = (value) => Number.isFinite(value)
const isTexts: Test = (value) => Array.isArray(value) && value.every(isText)

/** JWT-12: a claim that is there has the type its specification gives it, whether it is needed or not. */
const TYPES: readonly (readonly [name: string, isValid: Test])[] = [
  ['iss', isText],
  ['sub', isText],
  ['aud', (value) => isText(value) || (isTexts(value) && (value as unknown[]).length > 0)],
  ['client_id', isText],
  ['azp', isText],
  ['jti', isText],
  ['exp', isTime],
  ['nbf', isTime],
  ['iat', isTime],
  ['auth_time', isTime],
  ['scope', (value) => typeof value === 'string' && SCOPE.test(value)],
  ['acr', isText],
  ['amr', isTexts],
  ['act', isPlainObject],
  ['cnf', isPlainObject],
]

/** AT-06 (RFC 9068 section 2.2) and what remains of it for issuers that do not follow that profile. */
const REQUIRED = {
  'at+jwt': ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'],
  JWT: ['iss', 'exp', 'aud', 'sub', 'iat'],
} as const

/** Members that only ID tokens have (OpenID Connect Core 1.0 sections 2 and 3.3.2.11). */
const ID_TOKEN_MARKS = ['nonce', 'at_hash', 'c_hash', 's_hash']

/** Judges the claims of an access token: JWT-09 to JWT-12, AT-02, 03, 05, 06, 08. Before the signature: it is dearer. */
export function readClaims(raw: Raw, issuer: Issuer, atMs: number): Result<AccessClaims> {
  const refusal =
    kindRefusal(raw, issuer) ??
    typeRefusal(raw, issuer) ??
    audienceRefusal(raw, issuer) ??
    timeRefusal(raw, issuer, atMs)
  return refusal ?? { ok: true, value: accessClaims(raw, issuer) }
}

/** JWT-15: with `typ: JWT` an ID token of the same issuer looks like an access token but for these members. */
function kindRefusal(raw: Raw, { settings }: Issuer): Refused | undefined {
  if (settings.tokenType === 'at+jwt') return undefined
  return ID_TOKEN_MARKS.some((name) => Object.hasOwn(raw, name))
    ? refused('identity.token.type', 'an ID token')
    : undefined
}

/** JWT-12. */
export function knownTypeRefusal(raw: Raw): Refused | undefined {
  const bad = TYPES.find(([name, isValid]) => raw[name] !== undefined && !isValid(raw[name]))
  return bad === undefined ? undefined : wrong(`${bad[0]} is of the wrong type`)
}

function typeRefusal(raw: Raw, { settings }: Issuer): Refused | undefined {
  const known = knownTypeRefusal(raw)
  if (known !== undefined) return known
  const named = [settings.sessionClaim, settings.deviceClaim, settings.tenantClaim]
  for (const name of named) {
    const value = name === undefined ? undefined : own(raw, name)
    if (value !== undefined && !isText(value)) return wrong(`${name} is of the wrong type`)
  }
  const flaw = flawOfActors(raw['act'])
  if (flaw !== undefined) return wrong(flaw)
  const missing = REQUIRED[settings.tokenType].find((name) => raw[name] === undefined)
  if (missing !== undefined) return wrong(`${missing} is missing`)
  return clientFlaw(raw['client_id'], raw['azp'])
}

/** Whoever reads the one and whoever reads the other must see the same client. */
function clientFlaw(id: unknown, azp: unknown): Refused | undefined {
  if (id === undefined && azp === undefined) return wrong('client_id is missing')
  const isSame = id === undefined || azp === undefined || id === azp
  return isSame ? undefined : wrong('client_id and azp name two clients')
}

export const wrong = (detail: string) => refused('identity.token.claims', detail)

/** A claim whose name comes from configuration: never something every object inherits. */
const own = (raw: Raw, name: string): unknown => (Object.hasOwn(raw, name) ? raw[name] : undefined)

/** JWT-09, AT-03. */
export function audienceRefusal(raw: Raw, { audiences }: Pick<Issuer, 'audiences'>): Refused | undefined {
  const named: unknown[] = Array.isArray(raw['aud']) ? raw['aud'] : [raw['aud']]
  return named.some((name) => typeof name === 'string' && audiences.has(name))
    ? undefined
    : refused(
        'identity.token.audience',
        `aud claims ${claimedAll(raw['aud'])}; audiences are ${configured(audiences)}`,
      )
}

interface TimeRules {
  readonly settings: Pick<Issuer['settings'], 'leewaySeconds' | 'maxLifetimeSeconds'>
}

/** JWT-10, JWT-11; RFC 7519 sections 4.1.4 to 4.1.6. */
export function timeRefusal(raw: Raw, { settings }: TimeRules, atMs: number): Refused | undefined {
  const now = atMs / 1000
  const leeway = settings.leewaySeconds
  const [exp, iat, nbf] = [raw['exp'], raw['iat'] ?? 0, raw['nbf'] ?? 0] as [number, number, number]
  if (now >= exp + leeway) {
    return refused('identity.token.expired', `exp was ${seconds(now - exp)} ago; leewaySeconds is ${leeway}`)
  }
  if (now + leeway < Math.max(iat, nbf)) {
    const [name, time] = iat >= nbf ? ['iat', iat] : ['nbf', nbf]
    const detail = `${name} is ${seconds(time - now)} ahead; leewaySeconds is ${leeway}`
    return refused('identity.token.not-yet-valid', detail)
  }
  const most = settings.maxLifetimeSeconds
  if (most === undefined || exp - iat <= most) return undefined
  const detail = `from iat to exp are ${seconds(exp - iat)}; maxLifetimeSeconds is ${most}`
  return refused('identity.token.lifetime', detail)
}

function accessClaims(raw: Raw, { settings }: Issuer): AccessClaims {
  const { sessionClaim, deviceClaim, tenantClaim } = settings
  return {
    ...raw,
    client: raw['client_id'] ?? raw['azp'],
    session: own(raw, sessionClaim),
    device: deviceClaim === undefined ? undefined : own(raw, deviceClaim),
    tenant: tenantClaim === undefined ? undefined : own(raw, tenantClaim),
    raw,
    // Every member has been tested by TYPES and REQUIRED above.
  } as unknown as AccessClaims
}
