import type { KeyObject } from 'node:crypto'
import { JWSSignatureVerificationFailed } from 'jose/errors'
import { compactVerify } from 'jose/jws/compact/verify'
import type { SignedText } from './signature-check.ts'

/**
 * `SignatureCheck` by another thread, while this one goes on. Of jose only what verifies is loaded: the whole brings encryption and
 * key sets along, half a megabyte.
 */
export async function isSignedBeside(
  { signingInput, signature }: SignedText,
  key: KeyObject,
): Promise<boolean> {
  try {
    await compactVerify(`${signingInput}.${signature}`, key)
    return true
  } catch (error) {
    if (error instanceof JWSSignatureVerificationFailed) return false
    throw error
  }
}
