import { Buffer } from 'node:buffer'
import { constants, type KeyObject, verify } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { ParsedJws } from './strict.ts'

/** The parts of a compact JWS that a signature is about. Their form has been checked. */
export type SignedText = Pick<ParsedJws, 'signingInput' | 'signature'>

/**
 * Whether the key made the signature. The caller has seen to it that the key is of the algorithm's type.
 * @param algorithm as the header names it (RFC 7518 section 3.1, RFC 8037, RFC 9864)
 * @throws (or rejects) when it cannot be checked, which is no better than a bad signature
 */
export type SignatureCheck = (
  jws: SignedText,
  key: KeyObject,
  algorithm: string,
) => boolean | Promise<boolean>

interface Rules {
  readonly type: string
  /** For `crypto.verify`; null where the algorithm has its own. */
  readonly digest: string | null
  readonly isPss?: true
}

const RULES: Readonly<Record<string, Rules>> = {
  ES256: { type: 'ec', digest: 'sha256' },
  ES384: { type: 'ec', digest: 'sha384' },
  ES512: { type: 'ec', digest: 'sha512' },
  Ed25519: { type: 'ed25519', digest: null },
  EdDSA: { type: 'ed25519', digest: null },
  PS256: { type: 'rsa', digest: 'sha256', isPss: true },
  PS384: { type: 'rsa', digest: 'sha384', isPss: true },
  PS512: { type: 'rsa', digest: 'sha512', isPss: true },
  RS256: { type: 'rsa', digest: 'sha256' },
  RS384: { type: 'rsa', digest: 'sha384' },
  RS512: { type: 'rsa', digest: 'sha512' },
}

/** At once, by the thread that asks. */
export function isSignedAtOnce({ signingInput, signature }: SignedText, key: KeyObject, algorithm: string) {
  const rules = Object.hasOwn(RULES, algorithm) ? RULES[algorithm] : undefined
  if (rules === undefined || key.asymmetricKeyType !== rules.type) return false
  const data = Buffer.from(signingInput, 'latin1')
  const bytes = Buffer.from(signature, 'base64url')
  // RFC 7518 section 3.4: R and S side by side, never DER.
  if (rules.type === 'ec') return verify(rules.digest, data, { key, dsaEncoding: 'ieee-p1363' }, bytes)
  if (rules.isPss !== true) return verify(rules.digest, data, key, bytes)
  const padding = constants.RSA_PKCS1_PSS_PADDING
  return verify(rules.digest, data, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }, bytes)
}

/**
 * On one core another thread has nothing to run on, and handing over costs 30 µs where the signature costs 85 (ES256); on
 * two it leaves those 85 to the other core. What is not used is not loaded (docs/decisions/0022).
 */
export const isSignedBy: SignatureCheck =
  availableParallelism() === 1 ? isSignedAtOnce : (await import('./signature-beside.ts')).isSignedBeside
