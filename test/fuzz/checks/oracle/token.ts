/** Whether an access token is good, and whose it is: RFC 9068 section 4 and docs/identity.md, read once more. */
import { sha256 } from '../keys.ts'
import type { ClientSettings, IssuerSettings, WorldSettings } from '../settings.ts'
import { textOf } from '../text.ts'
import { algorithmOf, isFitting, isSignedBy, type Jws, readJws } from './jws.ts'
import { judgeSvid } from './svid.ts'

export interface GoodToken {
  readonly issuer: IssuerSettings
  readonly tokenHash: string
  readonly subject: string
  readonly client: string
  /** Its name, and its issuer where that is another. */
  readonly actor: readonly string[] | undefined
  readonly kind: 'user' | 'machine' | 'agent' | 'workload'
  readonly tenant: string
  readonly session: string | undefined
  readonly scopes: readonly string[]
  readonly acr: string | undefined
  readonly authTime: number | undefined
  readonly device: string | undefined
  readonly claims: Readonly<Record<string, unknown>>
  readonly jkt: string | undefined
  readonly x5t: string | undefined
}

type Claims = Jws['claims']

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const own = (claims: Claims, name: string | undefined): unknown =>
  name !== undefined && Object.hasOwn(claims, name) ? claims[name] : undefined

export const typeOf = (typ: unknown): string =>
  typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : ''

/** Signatures judged before: the same tokens come again and again. */
const judged = new Map<string, boolean>()

export interface KeyHolder {
  readonly algorithms: readonly string[]
  readonly jwks: IssuerSettings['jwks']
}

/** One of the keys that the issuer publishes has signed it, in an algorithm that the issuer may use. */
export function isIssued(compact: string, jws: Jws, { algorithms, jwks }: KeyHolder): boolean {
  const id = `${jwks.inline.keys[0]?.['kid']} ${algorithms} ${JSON.stringify(jwks.inline.keys.map(({ alg, use }) => [alg, use]))} ${compact}`
  const known = judged.get(id)
  if (known !== undefined) return known
  const { alg, kid } = jws.header
  const algorithm = algorithmOf(alg) ?? ''
  const isAllowed = algorithms.map(algorithmOf).includes(algorithm)
  const candidates = jwks.inline.keys.filter(
    (jwk) => (kid === undefined || jwk['kid'] === kid) && isFitting(jwk, algorithm),
  )
  const result = isAllowed && candidates.some((jwk) => isSignedBy(jwk, algorithm, jws))
  if (judged.size > 20_000) judged.clear()
  judged.set(id, result)
  return result
}

/** @returns why it is not good, in a word, or what it says */
export function judgeToken(compact: string, settings: WorldSettings, atMs: number): GoodToken | string {
  const { identity } = settings
  const jws = readJws(compact)
  if (jws === undefined || compact.length > 16_384) return 'token form'
  const { header, claims } = jws
  const issuer = identity.issuers.find((each) => each.issuer === claims['iss'])
  if (issuer === undefined) return judgeSvid(compact, jws, settings, atMs)
  if (typeOf(header['typ']) !== issuer.tokenType.toLowerCase()) return 'token type'
  if ('crit' in header) return 'token crit'
  const flaw = flawOfClaims(claims, issuer, atMs / 1000)
  if (flaw !== undefined) return flaw
  if (!isIssued(compact, jws, issuer)) return 'token signature'
  return goodToken(claims, issuer, identity, sha256(compact))
}

export function isAudience(aud: unknown, audiences: readonly string[]): boolean {
  const named: unknown[] = Array.isArray(aud) ? aud : [aud]
  return named.every(isText) && named.some((name) => audiences.includes(name as string))
}

interface TimeRules {
  readonly leewaySeconds: number
  readonly maxLifetimeSeconds?: number
}

export function isCurrent({ exp, iat, nbf }: Claims, rules: TimeRules, now: number): boolean {
  if (!isTime(exp) || !isTime(iat) || (nbf !== undefined && !isTime(nbf))) return false
  if (now >= exp + rules.leewaySeconds || iat > now + rules.leewaySeconds) return false
  if (nbf !== undefined && nbf > now + rules.leewaySeconds) return false
  return rules.maxLifetimeSeconds === undefined || exp - iat <= rules.maxLifetimeSeconds
}

function flawOfClaims(claims: Claims, issuer: IssuerSettings, now: number): string | undefined {
  const { sub, aud, client_id: client, azp, jti, scope, cnf, acr, amr, auth_time: login } = claims
  const isProfiled = issuer.tokenType === 'at+jwt'
  const checks: readonly (readonly [why: string, isGood: boolean])[] = [
    ['token sub', isText(sub)],
    ['token aud', isAudience(aud, issuer.audiences)],
    ['token time', isCurrent(claims, issuer, now)],
    ['token client', isText(client ?? azp) && (azp === undefined || client === undefined || azp === client)],
    ['token profile', !isProfiled || (isText(client) && isText(jti))],
    ['id token', isProfiled || !ID_TOKEN.some((name) => Object.hasOwn(claims, name))],
    ['token scope', scope === undefined || typeof scope === 'string'],
    ['token acr', acr === undefined || isText(acr)],
    ['token amr', amr === undefined || Array.isArray(amr)],
    ['token login', login === undefined || isTime(login)],
    ['token cnf', cnf === undefined || (isObject(cnf) && isConfirmation(cnf))],
  ]
  return checks.find(([, isGood]) => !isGood)?.[0] ?? flawOfActors(claims['act'], 0)
}

/** OpenID Connect Core 1.0: only ID tokens have these. */
const ID_TOKEN = ['nonce', 'at_hash', 'c_hash', 's_hash']

/** One digest or both, and nothing else in the place of one. */
function isConfirmation({ jkt, 'x5t#S256': x5t }: Record<string, unknown>): boolean {
  const isDigest = (value: unknown) => typeof value === 'string' && /^[\w-]{43}$/.test(value)
  return [jkt, x5t].some(isDigest) && [jkt, x5t].every((value) => value === undefined || isDigest(value))
}

function flawOfActors(act: unknown, depth: number): string | undefined {
  if (act === undefined) return undefined
  return !isObject(act) || !isText(act['sub']) || depth > 5
    ? 'token act'
    : flawOfActors(act['act'], depth + 1)
}

function goodToken(
  claims: Claims,
  issuer: IssuerSettings,
  identity: WorldSettings['identity'],
  tokenHash: string,
): GoodToken | string {
  const client = textOf(claims['client_id'] ?? claims['azp'])
  const act = claims['act'] as Record<string, unknown> | undefined
  const registered = listed(identity.clients, issuer.issuer, client)
  const refusal = refusedClient(claims, client, act, issuer, identity)
  if (refusal !== undefined) return refusal
  const isAgent = act !== undefined || registered?.kind === 'agent'
  const isMachine = claims['sub'] === client || registered?.kind === 'machine'
  const cnf = (claims['cnf'] ?? {}) as Record<string, string | undefined>
  return {
    issuer,
    tokenHash,
    subject: textOf(claims['sub']),
    client,
    actor: actorOf(claims, client, act, isAgent, issuer.issuer),
    kind: isAgent ? 'agent' : isMachine ? 'machine' : 'user',
    tenant: issuer.tenant ?? (own(claims, issuer.tenantClaim) as string | undefined) ?? '',
    session: own(claims, issuer.sessionClaim) as string | undefined,
    scopes: textOf(claims['scope'] ?? '')
      .split(' ')
      .filter((scope) => scope !== ''),
    acr: claims['acr'] as string | undefined,
    authTime: claims['auth_time'] as number | undefined,
    device: own(claims, issuer.deviceClaim) as string | undefined,
    claims,
    jkt: cnf['jkt'],
    x5t: cnf['x5t#S256'],
  }
}

function actorOf(
  claims: Claims,
  client: string,
  act: Record<string, unknown> | undefined,
  isAgent: boolean,
  issuer: string,
): readonly string[] | undefined {
  if (act === undefined) return isAgent && claims['sub'] !== client ? [client] : undefined
  const iss = act['iss']
  return iss === undefined || iss === issuer ? [textOf(act['sub'])] : [textOf(act['sub']), textOf(iss)]
}

const listed = (clients: readonly ClientSettings[], issuer: string, id: string) =>
  clients.find((client) => client.issuer === issuer && client.id === id)

/** A client, or who acts for its user, that is not known where all must be, or may not use one of these audiences. */
function refusedClient(
  claims: Claims,
  client: string,
  act: Record<string, unknown> | undefined,
  issuer: IssuerSettings,
  { clients, unlistedClients }: WorldSettings['identity'],
): string | undefined {
  const aud = claims['aud']
  const named = (Array.isArray(aud) ? aud : [aud]).filter((name) => issuer.audiences.includes(name))
  const callers = [listed(clients, issuer.issuer, client)]
  if (act !== undefined)
    callers.push(listed(clients, textOf(act['iss'] ?? issuer.issuer), textOf(act['sub'])))
  if (unlistedClients === 'refuse' && callers.includes(undefined)) return 'client unlisted'
  const isExcess = callers.some(
    (each) => each?.audiences && named.some((name) => !each.audiences?.includes(name)),
  )
  return isExcess ? 'client audience' : undefined
}
