/** Whether a workload's token is good: JWT-SVID sections 2 to 4 and docs/workloads.md, read once more. */
import { sha256 } from '../keys.ts'
import type { IssuerSettings, TrustDomainSettings, WorldSettings } from '../settings.ts'
import type { Jws } from './jws.ts'
import { type GoodToken, isAudience, isIssued } from './token.ts'

const PARAMETERS = ['alg', 'kid', 'typ']
const TYPES: readonly unknown[] = [undefined, 'JWT', 'JOSE']
const LEEWAY_SECONDS = 5
const SEGMENT = /^(?![.]{1,2}$)[A-Za-z0-9._-]+$/

/** @returns why it is not good, in a word, or what it says; scopes, roles and logins it cannot tell */
export function judgeSvid(
  compact: string,
  { header, claims, ...rest }: Jws,
  { identity }: WorldSettings,
  atMs: number,
): GoodToken | string {
  if (typeof claims['sub'] !== 'string') return 'token issuer'
  // SPIFFE ID section 2: of the scheme alone the case does not matter.
  const sub = claims['sub'].replace(/^spiffe:/i, 'spiffe:')
  const domain = identity.workloads.trustDomains.find(({ name }) => isWorkloadOf(sub, name))
  if (domain?.jwks === undefined) return 'token issuer'
  if (Object.keys(header).some((name) => !PARAMETERS.includes(name))) return 'svid header'
  if (!TYPES.includes(header['typ'])) return 'svid type'
  if (!isAudience(claims['aud'], domain.audiences ?? [])) return 'svid audience'
  if (!isCurrent(claims, atMs / 1000)) return 'svid time'
  if (claims['act'] !== undefined) return 'svid act'
  if (claims['cnf'] !== undefined && Object(claims['cnf']) !== claims['cnf']) return 'svid cnf'
  const cnf = claims['cnf'] as Record<string, string> | undefined
  if (cnf !== undefined && cnf['jkt'] === undefined && cnf['x5t#S256'] === undefined) return 'svid cnf'
  // Of a bundle only the keys for such tokens count, whatever else they could be used for.
  const keys = domain.jwks.inline.keys.filter(({ use }) => use === 'jwt-svid').map(withoutUse)
  const holder = { algorithms: domain.algorithms ?? [], jwks: { inline: { keys } } }
  if (!isIssued(compact, { header, claims, ...rest }, holder)) return 'svid signature'
  return {
    issuer: asIssuer(domain),
    tokenHash: sha256(compact),
    subject: sub,
    client: '',
    actor: undefined,
    kind: 'workload',
    tenant: domain.tenant ?? '',
    session: undefined,
    scopes: [],
    acr: undefined,
    authTime: undefined,
    device: undefined,
    claims: {},
    jkt: cnf?.['jkt'],
    x5t: cnf?.['x5t#S256'],
  }
}

const withoutUse = ({ use: _use, ...jwk }: Readonly<Record<string, unknown>>) => jwk

/** SPIFFE ID section 2: this trust domain and a path. */
function isWorkloadOf(sub: string, name: string): boolean {
  const begin = `spiffe://${name}/`
  return (
    sub.startsWith(begin) &&
    sub
      .slice(begin.length)
      .split('/')
      .every((segment) => SEGMENT.test(segment))
  )
}

function isCurrent({ exp, iat, nbf }: Jws['claims'], now: number): boolean {
  if (typeof exp !== 'number' || now >= exp + LEEWAY_SECONDS) return false
  return [iat, nbf].every(
    (time) => time === undefined || (typeof time === 'number' && time <= now + LEEWAY_SECONDS),
  )
}

/** What holds for a bound one (docs/bindings.md). */
const asIssuer = ({ name, jwks, audiences, algorithms }: TrustDomainSettings): IssuerSettings => ({
  issuer: `spiffe://${name}`,
  audiences: audiences ?? [],
  jwks: jwks ?? { inline: { keys: [] } },
  algorithms: algorithms ?? [],
  tokenType: 'JWT',
  binding: 'when-present',
  dpop: { algorithms: ['ES256', 'Ed25519', 'PS256'], nonce: 'off', maxAgeSeconds: 60, maxFutureSeconds: 5 },
  leewaySeconds: LEEWAY_SECONDS,
  sessionClaim: 'sid',
  claims: [],
})
