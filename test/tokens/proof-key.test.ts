import { Buffer } from 'node:buffer'
import { expect, test } from '@jest/globals'
import { ProofKeys, readProofKey } from '../../src/tokens/proof-key.ts'
import { makeSigner } from '../harness/proofs.ts'

const ec = (await makeSigner('ES256')).jwk
const okp = (await makeSigner('Ed25519')).jwk
const rsa = (await makeSigner('PS256')).jwk

test.each<[string, object | undefined, string, boolean]>([
  ['of the algorithm', ec, 'ES256', true],
  ['that names the algorithm', { ...ec, alg: 'ES256' }, 'ES256', true],
  ['that names another', { ...ec, alg: 'ES384' }, 'ES256', false],
  ['that names Ed25519 and is none', { ...ec, alg: 'Ed25519' }, 'ES256', false],
  ['that names EdDSA, for Ed25519', { ...okp, alg: 'EdDSA' }, 'Ed25519', true],
  ['that names Ed25519, for EdDSA', { ...okp, alg: 'Ed25519' }, 'EdDSA', true],
  ['that names ES256, for Ed25519', { ...okp, alg: 'ES256' }, 'Ed25519', false],
  ['of another type with the same members', { ...ec, kty: 'OKP' }, 'ES256', false],
  ['of another curve', { ...ec, crv: 'P-384' }, 'ES256', false],
  ['without a curve', { ...ec, crv: undefined }, 'ES256', false],
  ['without x', { ...ec, x: undefined }, 'ES256', false],
  ['with an empty x', { ...ec, x: '' }, 'ES256', false],
  ['without y', { ...ec, y: 5 }, 'ES256', false],
  ['of RSA', rsa, 'PS256', true],
  ['of RSA without its exponent', { ...rsa, e: undefined }, 'PS256', false],
  ['of RSA without its modulus', { ...rsa, n: undefined }, 'PS256', false],
  ['of RSA with an empty modulus', { ...rsa, n: '' }, 'PS256', false],
  ['of an algorithm that nobody knows', ec, 'ES256K', false],
  ['that is none', undefined, 'ES256', false],
])('DPOP-07 a key %s', (_, jwk, algorithm, isGood) => {
  expect(readProofKey(jwk, algorithm) !== undefined).toBe(isGood)
})

/** An RSA key with a modulus of so many bits; nobody has its other half. */
function withModulus(bits: number) {
  const bytes = Buffer.alloc(Math.ceil(bits / 8), 0xff)
  if (bits % 8 !== 0) bytes[0] = (1 << (bits % 8)) - 1
  return readProofKey({ kty: 'RSA', e: 'AQAB', n: bytes.toString('base64url') }, 'PS256')
}

test.each([
  [2047, false],
  [2048, true],
  [8192, true],
  [8193, false],
])('DPOP-07 an RSA key of %d bits is strong enough, and no work for nothing: %s', (bits, isGood) => {
  const key = withModulus(bits)
  if (key === undefined) throw new Error('not read')
  expect(new ProofKeys(1).import(key) !== undefined).toBe(isGood)
})

test('DPOP-07 a key whose numbers are none is no key, and no fault', () => {
  const key = readProofKey({ ...ec, x: '!', y: '!' }, 'ES256')
  if (key === undefined) throw new Error('not read')
  expect(new ProofKeys(1).import(key)).toBeUndefined()
})

test('a key is made once, as long as there is room', () => {
  const [one, other] = [readProofKey(ec, 'ES256'), readProofKey(okp, 'Ed25519')]
  if (one === undefined || other === undefined) throw new Error('not read')
  const keys = new ProofKeys(1)
  const first = keys.import(one)
  expect(keys.import(one)).toBe(first)
  keys.import(other)
  expect(keys.import(one)).not.toBe(first)
})
