/**
 * Keys of issuers, devices and clients, the same in every run (but for RSA), so that a printed seed makes the same case
 * again. Made with node:crypto alone: the verifier under test has no part in them.
 */
import { Buffer } from 'node:buffer'
import {
  constants,
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import { textOf } from './text.ts'

export type KeyAlgorithm = 'Ed25519' | 'ES256' | 'RS256'

export interface Key {
  readonly kid: string
  readonly alg: KeyAlgorithm
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** kty and the public members. */
  readonly jwk: Readonly<Record<string, string>>
  /** The members that must never be shown. */
  readonly secret: Readonly<Record<string, string>>
  /** RFC 7638, SHA-256. */
  readonly jkt: string
}

export const base64url = (data: string | Uint8Array): string => Buffer.from(data).toString('base64url')
export const sha256 = (data: string | Uint8Array): string =>
  createHash('sha256').update(data).digest('base64url')

const made = new Map<string, Key>()

/** The key of this name: asked for again it is the same. */
export function keyOf(alg: KeyAlgorithm, name: string): Key {
  const id = `${alg} ${name}`
  const known = made.get(id)
  if (known !== undefined) return known
  const privateKey = privateKeyOf(alg, id)
  const publicKey = createPublicKey(privateKey)
  const jwk = publicKey.export({ format: 'jwk' }) as Record<string, string>
  const all = privateKey.export({ format: 'jwk' }) as Record<string, string>
  const secret = Object.fromEntries(Object.entries(all).filter(([member]) => !(member in jwk)))
  const key: Key = { kid: name, alg, privateKey, publicKey, jwk, secret, jkt: thumbprint(jwk) }
  made.set(id, key)
  return key
}

function privateKeyOf(alg: KeyAlgorithm, id: string): KeyObject {
  const secret = createHash('sha256').update(`fuzz ${id}`).digest()
  if (alg === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  if (alg === 'Ed25519') {
    // RFC 8410 section 7: the PKCS #8 form of 32 secret bytes.
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secret])
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  }
  const curve = createECDH('prime256v1')
  curve.setPrivateKey(secret)
  const point = curve.getPublicKey()
  const [x, y] = [base64url(point.subarray(1, 33)), base64url(point.subarray(33))]
  return createPrivateKey({
    key: { kty: 'EC', crv: 'P-256', x, y, d: base64url(secret) },
    format: 'jwk',
  })
}

/** RFC 7638 section 3.2 and RFC 8037 section 2: the required members in the order of their names. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
}

export function thumbprint(jwk: Readonly<Record<string, unknown>>): string {
  const members = REQUIRED[textOf(jwk['kty'])] ?? []
  return sha256(JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]]))))
}

/** Signature in JWS form. @param alg of another algorithm than the key's own: PS256 with an RSA key */
export function signText(key: Key, text: string, alg: string = key.alg): Buffer {
  const data = Buffer.from(text)
  if (key.alg === 'Ed25519') return sign(null, data, key.privateKey)
  if (key.alg === 'ES256') return sign('sha256', data, { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
  return sign('sha256', data, { key: key.privateKey, ...(alg === 'PS256' ? pss : {}) })
}
