import { compactVerify, errors } from 'jose'
import { type Refused, type Result, refused } from '../identity/contract.ts'
import { claimed, configured } from '../lib/claimed.ts'
import type { TokenCredential } from '../model.ts'
import type { Algorithm } from './algorithms.ts'
import { readClaims } from './claims.ts'
import { clientRefusal } from './clients.ts'
import { buildCredential, readConfirmation } from './credential.ts'
import { readHeader, type TokenHeader } from './header.ts'
import type { Issuer } from './issuer.ts'
import type { VerificationKey } from './jwk.ts'
import { findKey } from './key-set.ts'
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
  const key = await keyFor(header.value, issuer)
  if (!key.ok) return key
  const refusal = await signatureRefusal(token, key.value, header.value.algorithm)
  if (refusal !== undefined) return refusal
  const unwelcome = clientRefusal(claims.value, issuer.clients, issuer.audiences)
  if (unwelcome !== undefined) return unwelcome
  const names = { signingInput, tokenHash }
  const credential = buildCredential(claims.value, issuer, confirmation.value, names)
  return { ok: true, value: { credential, issuer, key: key.value } }
}

/** JWT-16: an unknown key may be a new one, so the issuer is asked once more, as often as the cooldown lets it. */
async function keyFor({ kid, algorithm }: TokenHeader, { ring }: Issuer): Promise<Result<VerificationKey>> {
  if (!(await ring.becomeUsable())) return refused('identity.keys.unavailable')
  const found = findKey(ring.keys, kid, algorithm)
  if (found.ok || found.failure !== 'identity.token.unknown-key') return found
  return (await ring.lookAgain()) ? findKey(ring.keys, kid, algorithm) : found
}

async function signatureRefusal(
  token: string,
  key: VerificationKey,
  algorithm: Algorithm,
): Promise<Refused | undefined> {
  try {
    await compactVerify(token, key.object)
  } catch (error) {
    // Whatever went wrong, the signature was not found to be good.
    const isOther = error instanceof errors.JWSSignatureVerificationFailed
    return refused('identity.token.signature', isOther ? OTHER_SIGNATURE : NOT_CHECKED)
  }
  // JWT-04: the first good signature decides an RSA key's algorithm. Another check may have decided it meanwhile.
  key.algorithm ??= algorithm
  return key.algorithm === algorithm ? undefined : refused('identity.token.algorithm')
}

const OTHER_SIGNATURE = 'another key made it, or the token was changed afterwards'
const NOT_CHECKED = 'it could not be checked with the key of the issuer'
