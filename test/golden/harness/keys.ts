import { createECDH, createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import type { ProofSigner } from '../../harness/proofs.ts'
import type { SigningKey } from '../../harness/tokens.ts'

/**
 * Keys of golden cases. Each is derived from its name, so every run has the same ones and no private key lies in the
 * tree. Whoever knows the name knows the key: for tests only.
 */

export interface GoldenKey extends SigningKey, ProofSigner {
  readonly alg: 'ES256' | 'Ed25519'
  readonly jwk: Readonly<Record<string, unknown>>
}

const seedOf = (name: string) => createHash('sha256').update(`golden test key ${name}`).digest()

function p256(name: string): KeyObject {
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(seedOf(name))
  const point = ecdh.getPublicKey()
  const text = (part: Buffer) => part.toString('base64url')
  // SEC 1 section 2.3.3: 4, x, y.
  const [x, y, d] = [text(point.subarray(1, 33)), text(point.subarray(33)), text(seedOf(name))] as const
  return createPrivateKey({ key: { kty: 'EC', crv: 'P-256', x, y, d }, format: 'jwk' })
}

/** RFC 8410: the 32 bytes of an Ed25519 private key in PKCS #8. */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')

const ed25519 = (name: string): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seedOf(name)]), format: 'der', type: 'pkcs8' })

async function keyOf(name: string, alg: GoldenKey['alg']): Promise<GoldenKey> {
  const privateKey = alg === 'ES256' ? p256(name) : ed25519(name)
  const jwk = { ...createPublicKey(privateKey).export({ format: 'jwk' }) }
  const privateJwk = { ...privateKey.export({ format: 'jwk' }) }
  return { kid: name, alg, privateKey, jwk, privateJwk, jkt: await calculateJwkThumbprint(jwk) }
}

const keys: readonly GoldenKey[] = await Promise.all([
  // The issuer's.
  keyOf('idp', 'ES256'),
  keyOf('idp-ed', 'Ed25519'),
  // Of the trust domain mesh.example.com.
  keyOf('mesh', 'ES256'),
  // One that no issuer publishes.
  keyOf('stranger', 'ES256'),
  // Of clients, for proofs.
  keyOf('phone', 'ES256'),
  keyOf('tablet', 'Ed25519'),
])

/** @throws when no key has this name */
export function goldenKey(name: string): GoldenKey {
  const key = keys.find(({ kid }) => kid === name)
  if (key === undefined)
    throw new Error(`no key "${name}": there are ${keys.map(({ kid }) => kid).join(', ')}`)
  return key
}

/** What the issuer publishes; test/golden/configs/idp.jwks.json holds it. */
export const issuerKeySet = () => ({
  keys: ['idp', 'idp-ed'].map(goldenKey).map(({ jwk, kid, alg }) => ({ ...jwk, kid, alg, use: 'sig' })),
})

/** What the trust domain publishes; test/golden/configs/mesh.bundle.json holds it. */
export const trustBundle = () => {
  const { jwk, kid } = goldenKey('mesh')
  return { keys: [{ ...jwk, kid, use: 'jwt-svid' }], spiffe_sequence: 1, spiffe_refresh_hint: 300 }
}
