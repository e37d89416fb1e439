import { type Refused, type Result, refused } from '../identity/contract.ts'
import type { Algorithm } from '../lib/algorithms.ts'
import type { TokenHeader } from './header.ts'
import type { VerificationKey } from './jwk.ts'
import type { KeyRing } from './key-ring.ts'
import { findKey } from './key-set.ts'
import { isSignedBy, type SignedText } from './signature-check.ts'

/**
 * Verifies a token's signature with the key of the ring that its header means.
 * @returns the key it was good with
 */
export async function verifySignature(
  jws: SignedText,
  header: TokenHeader,
  ring: KeyRing,
): Promise<Result<VerificationKey>> {
  const key = await keyFor(header, ring)
  if (!key.ok) return key
  return (await signatureRefusal(jws, key.value, header.algorithm)) ?? key
}

/** JWT-16: an unknown key may be a new one, so the issuer is asked once more, as often as the cooldown lets it. */
async function keyFor({ kid, algorithm }: TokenHeader, ring: KeyRing): Promise<Result<VerificationKey>> {
  if (!(await ring.becomeUsable())) return refused('identity.keys.unavailable')
  const found = findKey(ring.keys, kid, algorithm)
  if (found.ok || found.failure !== 'identity.token.unknown-key') return found
  return (await ring.lookAgain()) ? findKey(ring.keys, kid, algorithm) : found
}

async function signatureRefusal(
  jws: SignedText,
  key: VerificationKey,
  algorithm: Algorithm,
): Promise<Refused | undefined> {
  try {
    const signed = isSignedBy(jws, key.object, algorithm)
    const isGood = typeof signed === 'boolean' ? signed : await signed
    if (!isGood) return refused('identity.token.signature', OTHER_SIGNATURE)
  } catch {
    // Whatever went wrong, the signature was not found to be good.
    return refused('identity.token.signature', NOT_CHECKED)
  }
  // JWT-04: the first good signature decides an RSA key's algorithm. Another check may have decided it meanwhile.
  key.algorithm ??= algorithm
  return key.algorithm === algorithm ? undefined : refused('identity.token.algorithm')
}

const OTHER_SIGNATURE = 'another key made it, or the token was changed afterwards'
const NOT_CHECKED = 'it could not be checked with the key of the issuer'
