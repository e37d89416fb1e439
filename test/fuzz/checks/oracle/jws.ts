/** A JWS as the oracle reads it: by the letter of RFC 7515 and RFC 8259, with node:crypto for the signature. */
import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { parseDocument } from 'yaml'

export interface Jws {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  readonly input: string
  readonly signature: Buffer
}

/** Bytes of a segment that is spelt in the one way there is. */
function bytesOf(segment: string): Buffer | undefined {
  const bytes = Buffer.from(segment, 'base64url')
  return segment !== '' && bytes.toString('base64url') === segment ? bytes : undefined
}

const LONE_SURROGATE = /(?<!\\)(?:\\\\)*\\ud[89a-f]/

/** An object in which nobody finds two things under one name: another parser looks for them, because JSON.parse does not. */
function objectOf(segment: string): Record<string, unknown> | undefined {
  const bytes = bytesOf(segment)
  if (bytes === undefined) return undefined
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    // Half a character is none: JSON.stringify writes it as an escape, and a backslash of the text as two.
    if (LONE_SURROGATE.test(JSON.stringify(value))) return undefined
    // Written again it is the same text: then nothing was lost on the way.
    if (JSON.stringify(value) === text) return value as Record<string, unknown>
    const { errors } = parseDocument(text, { uniqueKeys: true })
    return errors.some(({ code }) => code === 'DUPLICATE_KEY')
      ? undefined
      : (value as Record<string, unknown>)
  } catch {
    return undefined
  }
}

export function readJws(compact: string): Jws | undefined {
  const [head = '', body = '', tail = '', ...more] = compact.split('.')
  const [header, claims, signature] = [objectOf(head), objectOf(body), bytesOf(tail)]
  if (more.length > 0 || header === undefined || claims === undefined || signature === undefined)
    return undefined
  return { header, claims, input: `${head}.${body}`, signature }
}

export type Jwk = Readonly<Record<string, unknown>>

/** The algorithm by its one name. */
export const algorithmOf = (alg: unknown): string | undefined =>
  alg === 'EdDSA' ? 'Ed25519' : typeof alg === 'string' ? alg : undefined

const FITTING: Readonly<Record<string, (jwk: Jwk) => boolean>> = {
  Ed25519: ({ kty, crv }) => kty === 'OKP' && crv === 'Ed25519',
  ES256: ({ kty, crv }) => kty === 'EC' && crv === 'P-256',
  RS256: ({ kty }) => kty === 'RSA',
  PS256: ({ kty }) => kty === 'RSA',
}

/** Whether this key may be used for this algorithm, by what it says of itself. */
export function isFitting(jwk: Jwk, algorithm: string): boolean {
  const { use, alg } = jwk
  if (use !== undefined && use !== 'sig') return false
  if (alg !== undefined && algorithmOf(alg) !== algorithm) return false
  return Object.hasOwn(FITTING, algorithm) && FITTING[algorithm]?.(jwk) === true
}

const imported = new Map<string, KeyObject | undefined>()

function keyOf(jwk: Jwk): KeyObject | undefined {
  const id = JSON.stringify(jwk)
  if (imported.has(id)) return imported.get(id)
  let key: KeyObject | undefined
  try {
    key = createPublicKey({ key: jwk as Record<string, string>, format: 'jwk' })
  } catch {
    key = undefined
  }
  if (imported.size > 5000) imported.clear()
  imported.set(id, key)
  return key
}

export function isSignedBy(jwk: Jwk, algorithm: string, { input, signature }: Jws): boolean {
  const key = keyOf(jwk)
  if (key === undefined) return false
  const data = Buffer.from(input)
  if (algorithm === 'Ed25519') return verify(null, data, key, signature)
  if (algorithm === 'ES256') return verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature)
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
  return verify('sha256', data, { key, ...(algorithm === 'PS256' ? pss : {}) }, signature)
}
