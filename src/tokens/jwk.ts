import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Algorithm } from '../lib/algorithms.ts'
import { algorithmNamed, algorithmsOf, isRsa } from './algorithms.ts'
import { isPlainObject } from './json.ts'
import { thumbprintOf } from './thumbprint.ts'

/** A public key of an issuer. One object lives as long as the issuer publishes the key unchanged. */
export interface VerificationKey {
  readonly kid?: string
  /** RFC 7638, SHA-256. */
  readonly thumbprint: string
  readonly object: KeyObject
  /** The one algorithm of this key (RFC 8725bis); an RSA key that names none gets it with its first good signature. */
  algorithm?: Algorithm
}

/** What `use` must say: in a key set of RFC 7517, and in a SPIFFE bundle. */
export type KeyUse = 'sig' | 'jwt-svid'

/** `foreign`: a key for another purpose, ordinary in a key set. `refused`: a key that nobody should publish. */
export type KeyImport =
  | { readonly kind: 'key'; readonly key: VerificationKey }
  | { readonly kind: 'foreign' | 'refused'; readonly problem: string }

/** JWT-07: `kid` is attacker input in a token; the same cap holds for published keys so that each can be named. */
export const MAX_KID_LENGTH = 256

const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']
const EXPOSED = 'holds private members: give only the public part, and take this key out of use'
const MIN_RSA_BITS = 2048

const bad = (problem: string): KeyImport => ({ kind: 'refused', problem })
const foreign = (problem: string): KeyImport => ({ kind: 'foreign', problem })

/**
 * Judges and imports one member of a key set (RFC 7517 section 5). Problems never quote key material.
 * @param allowed the issuer's algorithms: an RSA key without `alg` belongs to the only RSA algorithm among them
 */
export function importKey(jwk: unknown, allowed: ReadonlySet<Algorithm>, use: KeyUse = 'sig'): KeyImport {
  if (!isPlainObject(jwk)) return bad('is not an object')
  if (jwk['kty'] === 'oct') return bad('is symmetric: whoever verifies with it could also sign')
  if (PRIVATE.some((name) => Object.hasOwn(jwk, name))) return bad(EXPOSED)
  const purpose = otherPurpose(jwk, use)
  if (purpose !== undefined) return foreign(purpose)
  const kid = jwk['kid']
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > MAX_KID_LENGTH)) {
    return bad(`has a kid that is not a text of at most ${MAX_KID_LENGTH} characters`)
  }
  const possible = algorithmsOf(jwk['kty'], jwk['crv'])
  if (possible.length === 0) return foreign('is of a type or curve that no supported algorithm uses')
  const named = algorithmNamed(jwk['alg'])
  if (jwk['alg'] !== undefined && (named === undefined || !possible.includes(named))) {
    return bad('names an algorithm that does not fit its type')
  }
  return importPublic(
    jwk,
    kid,
    named ?? onlyOne(possible.filter((name) => !isRsa(name) || allowed.has(name))),
  )
}

function importPublic(
  jwk: Record<string, unknown>,
  kid: string | undefined,
  algorithm: Algorithm | undefined,
): KeyImport {
  const thumbprint = thumbprintOf(jwk)
  const object = publicKeyOf(jwk)
  if (thumbprint === undefined || object === undefined) return bad('is not a valid public key')
  const weakness = weaknessOf(object)
  if (weakness !== undefined) return bad(weakness)
  return {
    kind: 'key',
    key: {
      thumbprint,
      object,
      ...(kid === undefined ? {} : { kid }),
      ...(algorithm === undefined ? {} : { algorithm }),
    },
  }
}

const onlyOne = <T>(list: readonly T[]): T | undefined => (list.length === 1 ? list[0] : undefined)

/** RFC 7517 sections 4.2 and 4.3. In a SPIFFE bundle every key says what it is for. */
function otherPurpose(jwk: Readonly<Record<string, unknown>>, wanted: KeyUse): string | undefined {
  const { use, key_ops: operations } = jwk
  if (wanted === 'jwt-svid' && use !== wanted) return 'is not for JWT-SVIDs (`use`)'
  if (wanted === 'sig' && use !== undefined && use !== wanted) return 'is not for signatures (`use`)'
  if (operations === undefined) return undefined
  const canVerify = Array.isArray(operations) && operations.includes('verify')
  return canVerify ? undefined : 'may not verify (`key_ops`)'
}

function publicKeyOf(jwk: Record<string, unknown>): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return undefined
  }
}

/** Exponent 1 makes every signature valid for whoever computes it; jose imports such keys. */
function weaknessOf(key: KeyObject): string | undefined {
  if (key.asymmetricKeyType !== 'rsa') return undefined
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  if (modulusLength < MIN_RSA_BITS) return `is an RSA key of less than ${MIN_RSA_BITS} bits`
  return publicExponent < 3n || publicExponent % 2n === 0n
    ? 'is an RSA key with an unusable exponent'
    : undefined
}
