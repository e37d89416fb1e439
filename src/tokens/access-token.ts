import { type Result, refused } from '../identity/contract.ts'
import { claimed, configured } from '../lib/claimed.ts'
import type { TokenCredential } from '../model.ts'
import { readClaims } from './claims.ts'
import { clientRefusal } from './clients.ts'
import { buildCredential, readConfirmation } from './credential.ts'
import { readHeader } from './header.ts'
import type { Issuer } from './issuer.ts'
import type { VerificationKey } from './jwk.ts'
import { type Judged, judgeSvid, spiffeIdOf } from './jwt-svid.ts'
import { verifySignature } from './signature.ts'
import { type ParsedJws, parseCompact } from './strict.ts'

/** An access token that has passed every check, and the key it passed with. */
export interface VerifiedAccessToken {
  readonly credential: TokenCredential
  readonly issuer: Issuer
  readonly key: VerificationKey
}

/** Whose tokens are taken: by `iss`, and by the trust domain of `sub`. */
export interface Authorities {
  readonly issuers: ReadonlyMap<string, Issuer>
  /** Those that publish keys for JWT-SVIDs. */
  readonly trustDomains: ReadonlyMap<string, Issuer>
}

/**
 * Verifies an access token (RFC 9068 section 4, RFC 8725bis) or a JWT-SVID from the cheapest check to the dearest: form,
 * issuer, header, claims, key, signature. Of an unverified token nothing leaves this function but the failed check and, for
 * the record, what was claimed of it (`lib/claimed.ts`).
 * @param tokenHash base64url SHA-256 of `token`
 */
export async function verifyAccessToken(
  token: string,
  tokenHash: string,
  authorities: Authorities,
  atMs: number,
): Promise<Result<VerifiedAccessToken>> {
  const parsed = parseCompact(token)
  if (!parsed.ok) return parsed
  const judged = judge(parsed.value, authorities, atMs)
  if (!judged.ok) return judged
  const { issuer, header } = judged.value
  const key = await verifySignature(parsed.value, header, issuer.ring)
  if (!key.ok) return key
  const { signingInput } = parsed.value
  const credential = judged.value.credential({ signingInput, tokenHash })
  return credential.ok
    ? { ok: true, value: { credential: credential.value, issuer, key: key.value } }
    : credential
}

/** JWT-08, AT-02: the exact `iss` chooses the only rules and the only keys that can make this token good. */
function judge(
  { header, claims }: ParsedJws,
  { issuers, trustDomains }: Authorities,
  atMs: number,
): Result<Judged> {
  const { iss } = claims
  const issuer = typeof iss === 'string' ? issuers.get(iss) : undefined
  if (issuer !== undefined) return judgeAccessToken(header, claims, issuer, atMs)
  // JWT-SVID section 3: the trust domain of `sub` names the keys; `iss` is the authority's own affair.
  const id = trustDomains.size === 0 ? undefined : spiffeIdOf(claims)
  const domain = id && trustDomains.get(id.trustDomain)
  if (id !== undefined && domain !== undefined) return judgeSvid(header, claims, id, domain, atMs)
  if (id !== undefined) {
    const domains = configured(trustDomains.keys())
    const detail = `sub claims ${claimed(id.id)}; trust domains with keys are ${domains}`
    return refused('identity.token.unknown-issuer', detail)
  }
  const known = configured(issuers.keys())
  return refused('identity.token.unknown-issuer', `iss claims ${claimed(iss)}; configured are ${known}`)
}

function judgeAccessToken(
  rawHeader: ParsedJws['header'],
  rawClaims: ParsedJws['claims'],
  issuer: Issuer,
  atMs: number,
): Result<Judged> {
  const header = readHeader(rawHeader, issuer)
  if (!header.ok) return header
  const claims = readClaims(rawClaims, issuer, atMs)
  if (!claims.ok) return claims
  const confirmation = readConfirmation(claims.value.cnf)
  if (!confirmation.ok) return confirmation
  const credential: Judged['credential'] = (names) =>
    clientRefusal(claims.value, issuer.clients, issuer.audiences) ?? {
      ok: true,
      value: buildCredential(claims.value, issuer, confirmation.value, names),
    }
  return { ok: true, value: { issuer, header: header.value, credential } }
}
