/** Two ways of checking a signature, which must never differ: node:crypto by the thread that asks, and jose by another. */
import { Buffer } from 'node:buffer'
import { constants, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isSignedBeside } from '../../src/tokens/signature-beside.ts'
import { isSignedAtOnce, type SignedText } from '../../src/tokens/signature-check.ts'
import { encode, makeSigner, signatureOf } from '../harness/proofs.ts'

const ALL = ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'PS256', 'RS256', 'RS384', 'RS512']

async function signed(alg: string) {
  const { privateKey } = await makeSigner(alg)
  const signingInput = `${encode({ alg })}.${encode({ sub: 'alice' })}`
  const bytes = signatureOf(privateKey, alg, signingInput)
  const withBytes = (signature: Buffer): SignedText => ({
    signingInput,
    signature: signature.toString('base64url'),
  })
  return { privateKey, key: createPublicKey(privateKey), signingInput, bytes, withBytes }
}

/** What both say; a check that could not be made is no. */
async function verdicts(jws: SignedText, key: Awaited<ReturnType<typeof signed>>['key'], alg: string) {
  const beside = isSignedBeside(jws, key).catch(() => false)
  return [isSignedAtOnce(jws, key, alg), await beside]
}

describe.each(ALL)('%s', (alg) => {
  test('RFC 7518 section 3: both take a good signature', async () => {
    const { key, bytes, withBytes } = await signed(alg)
    expect(await verdicts(withBytes(bytes), key, alg)).toEqual([true, true])
  })

  test('both refuse one that was changed anywhere, cut, doubled or empty', async () => {
    const { key, bytes, withBytes } = await signed(alg)
    const others = fc.oneof(
      fc.nat(bytes.length * 8 - 1).map((bit) => {
        const changed = Buffer.from(bytes)
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        return changed
      }),
      fc.nat(bytes.length - 1).map((length) => bytes.subarray(0, length)),
      fc.constant(Buffer.concat([bytes, bytes])),
      fc.constant(Buffer.alloc(bytes.length)),
    )
    await fc.assert(
      fc.asyncProperty(others, async (other) => {
        expect(await verdicts(withBytes(other), key, alg)).toEqual([false, false])
      }),
      { numRuns: 40 },
    )
  })

  test('both refuse another text and another key', async () => {
    const { key, bytes, withBytes, signingInput } = await signed(alg)
    const { key: stranger } = await signed(alg)
    const jws = withBytes(bytes)
    const other = { ...jws, signingInput: `${signingInput.split('.')[0]}.${encode({ sub: 'mallory' })}` }
    expect(await verdicts(other, key, alg)).toEqual([false, false])
    expect(await verdicts(jws, stranger, alg)).toEqual([false, false])
  })

  test('RFC 8725 section 3.1: both refuse a key of another type', async () => {
    const { bytes, withBytes } = await signed(alg)
    const type = alg.startsWith('E') ? 'rsa' : 'ec'
    const { publicKey } =
      type === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: 'P-256' })
    expect(await verdicts(withBytes(bytes), publicKey, alg)).toEqual([false, false])
  })
})

/** What jose, too, could make something of; of `crit` it does, which the gate has refused before either is asked (JWT-05, DPOP-02). */
const MEMBERS = [
  'b64',
  'kid',
  'zip',
  'enc',
  'x5c',
  'jku',
  'jwk',
  'cty',
  'typ',
  'toString',
  '__proto__',
  'payload',
]

test('whatever else the header says makes no difference to either', async () => {
  const { key, privateKey } = await signed('ES256')
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...MEMBERS), fc.jsonValue(), async (name, value) => {
      const signingInput = `${encode(
        Object.fromEntries([
          ['alg', 'ES256'],
          [name, value],
        ]),
      )}.${encode({ sub: 'alice' })}`
      const signature = signatureOf(privateKey, 'ES256', signingInput).toString('base64url')
      expect(await verdicts({ signingInput, signature }, key, 'ES256')).toEqual([true, true])
    }),
  )
})

test('RFC 7518 section 3.4: both refuse ECDSA in DER', async () => {
  const { key, privateKey, signingInput, withBytes } = await signed('ES256')
  const der = sign('sha256', Buffer.from(signingInput), privateKey)
  expect(await verdicts(withBytes(der), key, 'ES256')).toEqual([false, false])
})

test.each([
  ['PS256', 32],
  ['PS384', 48],
  ['PS512', 64],
])('RFC 7518 section 3.5: %s has a salt of %i bytes and no other', async (alg, length) => {
  const { key, privateKey, signingInput, withBytes } = await signed(alg)
  const salted = (saltLength: number) =>
    withBytes(
      sign(`sha${alg.slice(2)}`, Buffer.from(signingInput), {
        key: privateKey,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength,
      }),
    )
  expect(await verdicts(salted(length), key, alg)).toEqual([true, true])
  expect(await verdicts(salted(length - 1), key, alg)).toEqual([false, false])
  expect(await verdicts(salted(0), key, alg)).toEqual([false, false])
})

test.each([
  'none',
  'HS256',
  'ES256K',
  '',
  '__proto__',
  'toString',
])('JWT-03 an algorithm named %j is none', async (alg) => {
  const { key, bytes, withBytes } = await signed('ES256')
  expect(isSignedAtOnce(withBytes(bytes), key, alg)).toBe(false)
})

test('one that cannot be checked is not taken', async () => {
  const { bytes, withBytes } = await signed('ES256')
  const jws = withBytes(bytes)
  expect(() => isSignedAtOnce(jws, undefined as never, 'ES256')).toThrow()
  await expect(isSignedBeside(jws, undefined as never)).rejects.toThrow()
})

test('RFC 8725 section 3.1: an EC key makes no RSA signature, whatever the header says', async () => {
  const { key, privateKey, signingInput, withBytes } = await signed('ES256')
  const jws = withBytes(sign('sha256', Buffer.from(signingInput), privateKey))
  expect(isSignedAtOnce(jws, key, 'RS256')).toBe(false)
})
