import { createPublicKey, hash, type KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'

/** The members that RFC 7638 calls required, and no other. */
type PublicMembers =
  | { readonly crv: string; readonly kty: string; readonly x: string; readonly y?: string }
  | { readonly e: string; readonly kty: string; readonly n: string }

/** The public key inside a proof, named by its RFC 7638 thumbprint. */
export interface ProofKey {
  readonly thumbprint: string
  /** Only the members that the thumbprint covers, so a cached key is exactly what its name says. */
  readonly members: PublicMembers
}

/** What an algorithm asks of a key. */
export interface ProofAlgorithm {
  readonly kty: 'EC' | 'RSA' | 'OKP'
  readonly crv?: string
}

const RSA: ProofAlgorithm = { kty: 'RSA' }
const ED25519: ProofAlgorithm = { kty: 'OKP', crv: 'Ed25519' }

/** Registered asymmetric algorithms (RFC 7518 section 3.1, RFC 8037, RFC 9864); DPOP-05. */
export const PROOF_ALGORITHMS: Readonly<Record<string, ProofAlgorithm>> = {
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  ES512: { kty: 'EC', crv: 'P-521' },
  Ed25519: ED25519,
  EdDSA: ED25519,
  PS256: RSA,
  PS384: RSA,
  PS512: RSA,
  RS256: RSA,
  RS384: RSA,
  RS512: RSA,
}

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']
const MIN_MODULUS_BITS = 2048
const MAX_MODULUS_BITS = 8192
/** FIPS 186-5 section A.1.1: a small exponent (1 is the extreme) makes forging cheap. */
const MIN_EXPONENT = 65_537n

/**
 * Reads the `jwk` of a proof's header without importing it: public (DPOP-07), of the algorithm's kind, and meant for
 * signatures. Undefined when it may not be used.
 */
export function readProofKey(jwk: unknown, algorithm: string): ProofKey | undefined {
  const rules = PROOF_ALGORITHMS[algorithm]
  if (!isRecord(jwk) || rules === undefined || jwk['kty'] !== rules.kty) return undefined
  if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(jwk, member))) return undefined
  if (!isForVerifying(jwk, algorithm)) return undefined
  const members = thumbprintMembers(jwk, rules)
  if (members === undefined) return undefined
  return { thumbprint: hash('sha256', JSON.stringify(members), 'base64url'), members }
}

/** Key objects by thumbprint, bounded: importing costs as much as verifying. */
export class ProofKeys {
  readonly #keys: LRUCache<string, KeyObject>

  constructor(max: number) {
    this.#keys = new LRUCache({ max })
  }

  /** Ask only for thumbprints that a verified token names, so strangers cannot push keys out. */
  import(key: ProofKey): KeyObject | undefined {
    const cached = this.#keys.get(key.thumbprint)
    if (cached !== undefined) return cached
    const imported = importKey(key.members)
    if (imported !== undefined) this.#keys.set(key.thumbprint, imported)
    return imported
  }
}

function importKey(members: PublicMembers): KeyObject | undefined {
  let key: KeyObject
  try {
    key = createPublicKey({ key: members, format: 'jwk' })
  } catch {
    // The client chose these numbers; a point off the curve or a broken modulus is an unusable key, not a fault.
    return undefined
  }
  if (members.kty !== 'RSA') return key
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  const isStrong =
    modulusLength >= MIN_MODULUS_BITS && modulusLength <= MAX_MODULUS_BITS && publicExponent >= MIN_EXPONENT
  return isStrong ? key : undefined
}

/** RFC 7517 sections 4.2 to 4.4: a key that says what it is for is for nothing else. */
function isForVerifying(jwk: Record<string, unknown>, algorithm: string): boolean {
  const { use, key_ops: operations, alg } = jwk
  if (use !== undefined && use !== 'sig') return false
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return false
  return alg === undefined || alg === algorithm || (isEdwards(alg) && isEdwards(algorithm))
}

const isEdwards = (alg: unknown) => alg === 'Ed25519' || alg === 'EdDSA'

/** The required members in the order of RFC 7638 section 3.3 (RFC 8037 section 2 for OKP). */
function thumbprintMembers(jwk: Record<string, unknown>, rules: ProofAlgorithm): PublicMembers | undefined {
  const { kty, crv, x, y, e, n } = jwk
  if (rules.kty === 'RSA') return isText(e) && isText(n) ? { e, kty: rules.kty, n } : undefined
  if (!isText(kty) || !isText(crv) || crv !== rules.crv || !isText(x)) return undefined
  if (rules.kty === 'OKP') return { crv, kty, x }
  return isText(y) ? { crv, kty, x, y } : undefined
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
