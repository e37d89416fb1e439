import * as errors from 'jose/errors'
import { compactVerify } from 'jose/jws/compact/verify'
import { type Refused, type Result, refused } from '../identity/contract.ts'
import type { Algorithm } from '../lib/algorithms.ts'
import type { TokenHeader } from './header.ts'
import type { VerificationKey } from './jwk.ts'
import type { KeyRing } from './key-ring.ts'
import { findKey } from './key-set.ts'

/**
 * Verifies a compact token's signature with the key of the ring that its header means.
 * @returns the key it was good with
 */
export async function verifySignature(
  token: string,
  header: TokenHeader,
  ring: KeyRing,
): Promise<Result<VerificationKey>> {
  const key = await keyFor(header, ring)
  if (!key.ok) return key
  return (await signatureRefusal(token, key.value, header.algorithm)) ?? key
}

/** JWT-16: an unknown key may be a new one, so the issuer is asked once more, as often as the cooldown lets it. */
async function keyFor({ kid, algorithm }: TokenHeader, ring: KeyRing): Promise<Result<VerificationKey>> {
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
