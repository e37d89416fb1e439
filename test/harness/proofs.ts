import { Buffer } from 'node:buffer'
import { constants, createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'

/** A client's key for DPoP proofs. The thumbprint is jose's, so it checks ours. */
export interface ProofSigner {
  readonly alg: string
  readonly jwk: Readonly<Record<string, unknown>>
  readonly privateJwk: Readonly<Record<string, unknown>>
  readonly privateKey: KeyObject
  readonly jkt: string
}

const CURVES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }

export async function makeSigner(alg: string, modulusLength = 2048): Promise<ProofSigner> {
  const pair = makePair(alg, modulusLength)
  const jwk = pair.publicKey.export({ format: 'jwk' })
  return {
    alg,
    jwk: { ...jwk },
    privateJwk: { ...pair.privateKey.export({ format: 'jwk' }) },
    privateKey: pair.privateKey,
    jkt: await calculateJwkThumbprint(jwk),
  }
}

function makePair(alg: string, modulusLength: number) {
  const namedCurve = CURVES[alg]
  if (namedCurve !== undefined) return generateKeyPairSync('ec', { namedCurve })
  if (alg === 'EdDSA' || alg === 'Ed25519') return generateKeyPairSync('ed25519')
  return generateKeyPairSync('rsa', { modulusLength })
}

export interface ProofParts {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
}

/** A proof as the client would send it; `undefined` members of header and claims are left out. */
export function signProof(signer: ProofSigner, parts: ProofParts): string {
  const header = { typ: 'dpop+jwt', alg: signer.alg, jwk: signer.jwk, ...parts.header }
  const input = `${encode(header)}.${encode(parts.claims ?? {})}`
  return `${input}.${signatureOf(signer.privateKey, signer.alg, input).toString('base64url')}`
}

/** Signs any text with any key, e.g. to forge what `signProof` never would. */
export function signatureOf(key: KeyObject, alg: string, input: string): Buffer {
  const data = Buffer.from(input)
  if (alg === 'EdDSA' || alg === 'Ed25519') return sign(null, data, key)
  const digest = `sha${alg.slice(2)}`
  if (alg.startsWith('ES')) return sign(digest, data, { key, dsaEncoding: 'ieee-p1363' })
  if (alg.startsWith('PS')) {
    return sign(digest, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 })
  }
  return sign(digest, data, key)
}

export const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

export const athOf = (token: string) => createHash('sha256').update(token).digest('base64url')
