import { hash } from 'node:crypto'
import type { IssuerSettings, TrustDomainSettings } from '../config/schema/identity.ts'
import { type Refused, type Result, refused } from '../identity/contract.ts'
import { claimed } from '../lib/claimed.ts'
import { parseSpiffeId, type SpiffeId } from '../lib/spiffe.ts'
import type { TokenCredential } from '../model.ts'
import { audienceRefusal, knownTypeRefusal, timeRefusal, wrong } from './claims.ts'
import { readConfirmation, type TokenNames, tokenIdOf } from './credential.ts'
import { readKeyHints, type TokenHeader } from './header.ts'
import type { Issuer } from './issuer.ts'

/** Tokens of workloads (JWT-SVID standard). */

type Raw = Readonly<Record<string, unknown>>

/** A token that is good but for its signature. */
export interface Judged {
  readonly issuer: Issuer
  readonly header: TokenHeader
  /** What it is once the signature has been found good. */
  credential(names: TokenNames): Result<TokenCredential>
}

/** The workload that a token claims to be; only an ID with a path is a workload's. */
export function spiffeIdOf({ sub }: Raw): SpiffeId | undefined {
  const id = typeof sub === 'string' ? parseSpiffeId(sub) : undefined
  return id?.path === '' ? undefined : id
}

/**
 * A trust domain in the words of an issuer, so that its keys are held and its tokens cached as those of any other.
 * @returns undefined for one whose workloads show certificates alone
 */
export function svidSettings(domain: TrustDomainSettings): IssuerSettings | undefined {
  const { name, tenant, jwks, audiences, algorithms } = domain
  if (jwks === undefined || audiences === undefined) return undefined
  return {
    issuer: `spiffe://${name}`,
    audiences,
    jwks,
    algorithms,
    tenant,
    tokenType: 'JWT',
    binding: 'when-present',
    dpop: { algorithms: ['ES256', 'Ed25519', 'PS256'], nonce: 'off', maxAgeSeconds: 60, maxFutureSeconds: 5 },
    leewaySeconds: 5,
    sessionClaim: 'sid',
    claims: [],
  }
}

/** Judges header and claims of a JWT-SVID. */
export function judgeSvid(
  rawHeader: Raw,
  raw: Raw,
  { id }: SpiffeId,
  issuer: Issuer,
  atMs: number,
): Result<Judged> {
  const refusal = headerRefusal(rawHeader)
  if (refusal !== undefined) return refusal
  const header = readKeyHints(rawHeader, issuer)
  if (!header.ok) return header
  const bad = claimRefusal(raw) ?? audienceRefusal(raw, issuer) ?? timeRefusal(raw, issuer, atMs)
  if (bad !== undefined) return bad
  // A token that is bound in some way must not pass as an unbound one, whatever its kind.
  const confirmation = readConfirmation(raw['cnf'] as Raw | undefined)
  if (!confirmation.ok) return confirmation
  const credential: Judged['credential'] = (names) => ({
    ok: true,
    value: credentialOf(raw, id, issuer.settings, confirmation.value, names),
  })
  return { ok: true, value: { issuer, header: header.value, credential } }
}

/** Section 2: these and no other. */
const PARAMETERS: ReadonlySet<string> = new Set(['alg', 'kid', 'typ'])
/** Section 2.3. */
const TYPES: ReadonlySet<unknown> = new Set([undefined, 'JWT', 'JOSE'])

function headerRefusal(header: Raw): Refused | undefined {
  if (Object.hasOwn(header, 'crit')) return refused('identity.token.critical-header')
  if (!TYPES.has(header['typ'])) {
    return refused('identity.token.type', `typ claims ${claimed(header['typ'])}; a JWT-SVID is a JWT`)
  }
  const other = Object.keys(header).find((name) => !PARAMETERS.has(name))
  return other === undefined
    ? undefined
    : refused('identity.token.malformed', `a JWT-SVID has no header parameter ${claimed(other)}`)
}

/** Section 3. `act` would make its subject somebody else than who shows it, and no trust domain issues it. */
function claimRefusal(raw: Raw): Refused | undefined {
  const missing = ['aud', 'exp'].find((name) => raw[name] === undefined)
  if (missing !== undefined) return wrong(`${missing} is missing`)
  return knownTypeRefusal(raw) ?? (raw['act'] === undefined ? undefined : wrong('a JWT-SVID has no act'))
}

function credentialOf(
  raw: Raw,
  id: string,
  { issuer, tenant }: IssuerSettings,
  confirmation: TokenCredential['confirmation'],
  { signingInput, tokenHash }: TokenNames,
): TokenCredential {
  // Their types have been tested by `knownTypeRefusal`.
  const { exp, iat, jti } = raw as { exp: number; iat?: number; jti?: string }
  return Object.freeze({
    issuer,
    subject: id,
    kind: 'workload',
    tenant: tenant ?? '',
    session: { id: hash('sha256', JSON.stringify([issuer, id]), 'base64url'), isDerived: true },
    scopes: [],
    amr: [],
    ...(iat === undefined ? {} : { issuedAt: iat }),
    expiresAt: exp,
    claims: Object.freeze({}),
    tokenId: tokenIdOf({ iss: issuer, ...(jti === undefined ? {} : { jti }) }, signingInput),
    tokenHash,
    confirmation,
  })
}
