import { hash } from 'node:crypto'
import { type Result, refused } from '../identity/contract.ts'
import type { Actor, Credential, Registration, SubjectKind, TokenCredential } from '../model.ts'
import { actorsOf } from './actors.ts'
import type { AccessClaims } from './claims.ts'
import type { Issuer } from './issuer.ts'
import { decodeCanonical } from './strict.ts'

type Confirmation = Credential['confirmation']

const DIGEST_BYTES = 32

/**
 * What the token is bound to (RFC 7800, RFC 9449 section 6.1, RFC 8705 section 3.1). A token that is bound in a way
 * Vigil cannot check must not pass as an unbound one.
 */
export function readConfirmation(cnf: AccessClaims['cnf']): Result<Confirmation> {
  if (cnf === undefined) return { ok: true, value: {} }
  const { jkt, 'x5t#S256': x5t } = cnf
  if (jkt === undefined && x5t === undefined) return refused('identity.binding.unsupported')
  if (!isDigestOrAbsent(jkt) || !isDigestOrAbsent(x5t)) {
    return refused('identity.token.claims', 'cnf holds something that is no SHA-256 digest')
  }
  return {
    ok: true,
    value: { ...(jkt === undefined ? {} : { jkt }), ...(x5t === undefined ? {} : { x5t }) },
  }
}

const isDigestOrAbsent = (value: unknown): value is string | undefined =>
  value === undefined || (typeof value === 'string' && decodeCanonical(value)?.length === DIGEST_BYTES)

export interface TokenNames {
  /** The first two segments of the compact token. */
  readonly signingInput: string
  /** base64url SHA-256 of the compact token. */
  readonly tokenHash: string
}

/** Builds the credential of a verified token; frozen, as every check that shows the token shares it. */
export function buildCredential(
  claims: AccessClaims,
  issuer: Issuer,
  confirmation: Confirmation,
  names: TokenNames,
): TokenCredential {
  const { iss, sub, client, acr, auth_time: authTime, device } = claims
  const registration = issuer.clients.listed.get(client)?.registration
  // ACT-01, ACT-02: only the outermost actor is who acts now.
  const [actor = agentOf(claims, registration), ...priorActors] = actorsOf(claims.act)
  return Object.freeze({
    issuer: iss,
    subject: sub,
    kind: kindOf(claims, registration),
    tenant: issuer.settings.tenant ?? claims.tenant ?? '',
    client,
    ...(registration === undefined ? {} : { registration }),
    ...(actor === undefined ? {} : { actor }),
    ...(priorActors.length === 0 ? {} : { priorActors }),
    session: sessionOf(claims, confirmation),
    scopes: claims.scope?.split(' ').filter((scope) => scope !== '') ?? [],
    ...(acr === undefined ? {} : { acr }),
    amr: claims.amr ?? [],
    ...(authTime === undefined ? {} : { authTime }),
    issuedAt: claims.iat,
    expiresAt: claims.exp,
    ...(device === undefined ? {} : { device }),
    claims: pick(claims.raw, issuer.settings.claims),
    tokenId: tokenIdOf(claims, names.signingInput),
    tokenHash: names.tokenHash,
    confirmation,
  })
}

/** RFC 9700 section 4.15: a client's own token must never be taken for a user's, also where it is an app for users. */
function kindOf({ act, sub, client }: AccessClaims, registration: Registration | undefined): SubjectKind {
  if (act !== undefined || registration?.kind === 'agent') return 'agent'
  return sub === client || registration?.kind === 'machine' ? 'machine' : 'user'
}

/**
 * ACT-05: a registered agent that shows a token without `act` does not become whom the token names: it is itself the actor,
 * unless the token is its own.
 */
function agentOf({ sub, client }: AccessClaims, registration: Registration | undefined): Actor | undefined {
  return registration?.kind === 'agent' && sub !== client ? { subject: client } : undefined
}

function sessionOf(claims: AccessClaims, { jkt, x5t }: Confirmation): Credential['session'] {
  if (claims.session !== undefined) return { id: claims.session, isDerived: false }
  const holder = jkt ?? x5t ?? claims.device ?? null
  const parts = JSON.stringify([claims.iss, claims.sub, claims.client, holder])
  return { id: hash('sha256', parts, 'base64url'), isDerived: true }
}

/** The two forms cannot meet: the one is a JSON array, the other holds no bracket. */
export function tokenIdOf({ iss, jti }: Pick<AccessClaims, 'iss' | 'jti'>, signingInput: string): string {
  return jti === undefined
    ? `sha256:${hash('sha256', signingInput, 'base64url')}`
    : JSON.stringify([iss, jti])
}

/** A claim named `__proto__` becomes a member like any other. Whoever reads one asks for own members only. */
function pick(raw: Readonly<Record<string, unknown>>, names: readonly string[]): Credential['claims'] {
  // Not an object without prototype: one of those makes JSON.stringify take its slow way for the whole record.
  return Object.freeze(
    Object.fromEntries(names.filter((name) => Object.hasOwn(raw, name)).map((name) => [name, raw[name]])),
  )
}
