import { type Result, refused } from '../identity/contract.ts'
import { claimed, configured } from '../lib/claimed.ts'
import type { TokenCredential } from '../model.ts'
import { readClaims } from './claims.ts'
import { clientRefusal } from './clients.ts'
import { buildCredential, readConfirmation } from './credential.ts'
import { readHeader } from './header.ts'
import type { Issuer } from './issuer.ts'
import type { VerificationKey } from './jwk.ts'
import { verifySignature } from './signature.ts'
import { parseCompact } from './strict.ts'

/** An access token that has passed every check, and the key it passed with. */
export interface VerifiedAccessToken {
  readonly credential: TokenCredential
  readonly issuer: Issuer
  readonly key: VerificationKey
}

/**
 * Verifies an access token (RFC 9068 section 4, RFC 8725bis) from the cheapest check to the dearest: form, issuer,
 * header, claims, key, signature. Of an unverified token nothing leaves this function but the failed check and, for the
 * record, what was claimed of it (`lib/claimed.ts`).
 * @param tokenHash base64url SHA-256 of `token`
 */
export async function verifyAccessToken(
  token: string,
  tokenHash: string,
  issuers: ReadonlyMap<string, Issuer>,
  atMs: number,
): Promise<Result<VerifiedAccessToken>> {
  const parsed = parseCompact(token)
  if (!parsed.ok) return parsed
  const { header: rawHeader, claims: rawClaims, signingInput } = parsed.value
  // JWT-08, AT-02: the exact `iss` chooses the only rules and the only keys that can make this token good.
  const iss = rawClaims['iss']
  const issuer = typeof iss === 'string' ? issuers.get(iss) : undefined
  if (issuer === undefined) {
    const known = configured(issuers.keys())
    return refused('identity.token.unknown-issuer', `iss claims ${claimed(iss)}; configured are ${known}`)
  }
  const header = readHeader(rawHeader, issuer)
  if (!header.ok) return header
  const claims = readClaims(rawClaims, issuer, atMs)
  if (!claims.ok) return claims
  const confirmation = readConfirmation(claims.value.cnf)
  if (!confirmation.ok) return confirmation
  const key = await verifySignature(token, header.value, issuer.ring)
  if (!key.ok) return key
  const unwelcome = clientRefusal(claims.value, issuer.clients, issuer.audiences)
  if (unwelcome !== undefined) return unwelcome
  const names = { signingInput, tokenHash }
  const credential = buildCredential(claims.value, issuer, confirmation.value, names)
  return { ok: true, value: { credential, issuer, key: key.value } }
}
