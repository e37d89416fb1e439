import { Buffer } from 'node:buffer'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { encode, makeSigner, signatureOf, signProof } from '../harness/proofs.ts'
import { makeToken } from '../harness/requests.ts'
import { CLAIMS, es256, inputOf, NOW, TOKEN, verdict, verifier } from './proving.ts'

describe('form of the proof', () => {
  test('a good proof is accepted', async () => expect(await verdict({})).toBe('ok'))

  test.each([
    ['', 'empty'],
    ['a', 'one segment'],
    ['a.b', 'two segments'],
    ['a.b.c.d.e', 'a JWE'],
    ['{"payload":""}', 'JSON serialisation'],
    ['!!.!!.!!', 'no base64url'],
    [`${'a'.repeat(20_000)}.a.a`, 'too large'],
  ])('DPOP-02 %#: not a well-formed JWT', async (proof) => {
    expect(await verdict({ proof })).toBe('identity.dpop.malformed')
  })

  test('DPOP-01 two proofs joined by Envoy are no proof', async () => {
    const { proof } = inputOf({})
    expect(await verdict({ proof: `${proof},${proof}` })).toBe('identity.dpop.malformed')
  })

  test('DPOP-02 a member twice', async () => {
    const header = Buffer.from(
      JSON.stringify({ typ: 'dpop+jwt', alg: 'ES256', jwk: es256.jwk }).replace('{', '{"alg":"ES256",'),
    ).toString('base64url')
    const input = `${header}.${encode(CLAIMS)}`
    const proof = `${input}.${signatureOf(es256.privateKey, 'ES256', input).toString('base64url')}`
    expect(await verdict({ proof })).toBe('identity.dpop.malformed')
  })

  test('DPOP-02 unknown critical parameters', async () => {
    expect(await verdict({ header: { crit: ['b64'], b64: false } })).toBe('identity.dpop.malformed')
  })

  const required = ['jti', 'htm', 'htu', 'iat', 'ath']
  test.each(required)('DPOP-03 without %s', async (claim) => {
    expect(await verdict({ claims: { [claim]: undefined } })).toBe('identity.dpop.claims')
  })
  test.each(required)('DPOP-03 %s of another type', async (claim) => {
    for (const value of [null, true, {}, [], '', claim === 'iat' ? `${NOW}` : 5]) {
      expect(await verdict({ claims: { [claim]: value } })).toBe('identity.dpop.claims')
    }
  })
  test('DPOP-03 nonce of another type', async () => {
    expect(await verdict({ claims: { nonce: 5 } })).toBe('identity.dpop.claims')
  })
  test.each([
    ['jti', 256, 'ok'],
    ['jti', 257, 'identity.dpop.claims'],
  ])('DPOP-16 %s of %d characters', async (claim, length, expected) => {
    expect(await verdict({ claims: { [claim]: 'x'.repeat(length) } })).toBe(expected)
  })

  test.each([
    ['dpop+jwt', 'ok'],
    ['application/dpop+jwt', 'ok'],
    ['DPoP+JWT', 'identity.dpop.type'],
    ['JWT', 'identity.dpop.type'],
    ['at+jwt', 'identity.dpop.type'],
    [undefined, 'identity.dpop.type'],
    [['dpop+jwt'], 'identity.dpop.type'],
  ])('DPOP-04 typ %p: %s', async (typ, expected) => {
    expect(await verdict({ header: { typ } })).toBe(expected)
  })
})

describe('algorithm, key and signature', () => {
  const all = ['ES256', 'ES384', 'ES512', 'Ed25519', 'EdDSA', 'PS256', 'RS256']
  test.each(all)('DPOP-05 %s verifies where it is allowed and only there', async (alg) => {
    const signer = await makeSigner(alg)
    expect(await verdict({ signer, dpop: { algorithms: [alg] } })).toBe('ok')
    expect(await verdict({ signer, dpop: { algorithms: ['ES256K'] } })).toBe('identity.dpop.algorithm')
    const other = await makeSigner(alg)
    const forged = signProof({ ...other, jwk: signer.jwk }, { claims: CLAIMS })
    expect(await verdict({ signer, proof: forged, dpop: { algorithms: [alg] } })).toBe(
      'identity.dpop.signature',
    )
  })

  test.each(
    all.filter((alg) => !alg.startsWith('Ed')),
  )('DPOP-05 where one name of Ed25519 is allowed, %s is not', async (alg) => {
    const signer = await makeSigner(alg)
    for (const name of ['Ed25519', 'EdDSA'])
      expect(await verdict({ signer, dpop: { algorithms: [name] } })).toBe('identity.dpop.algorithm')
  })

  test('DPOP-05 Ed25519 keys: both names mean the same', async () => {
    const signer = await makeSigner('Ed25519')
    expect(await verdict({ signer, header: { alg: 'EdDSA' } })).toBe('ok')
    expect(await verdict({ signer, dpop: { algorithms: ['EdDSA'] } })).toBe('ok')
  })

  test.each([
    'none',
    'None',
    'HS256',
    'ES256K',
    'constructor',
    '',
    5,
    undefined,
  ])('DPOP-05 alg %p, even when a configuration allowed it', async (alg) => {
    expect(await verdict({ header: { alg }, dpop: { algorithms: ['HS256', 'none', 'constructor'] } })).toBe(
      'identity.dpop.algorithm',
    )
  })

  test('DPOP-05 an algorithm of another key type or curve', async () => {
    const algorithms = ['ES256', 'ES384', 'PS256', 'Ed25519']
    for (const alg of ['ES384', 'PS256', 'Ed25519']) {
      expect(await verdict({ header: { alg }, dpop: { algorithms } })).toBe('identity.dpop.key')
    }
  })

  test.each([
    undefined,
    null,
    'key',
    [],
    {},
    { kty: 'EC' },
    { kty: 'EC', crv: 'P-256', x: 'AA' },
  ])('DPOP-06 jwk %p', async (jwk) => expect(await verdict({ header: { jwk } })).toBe('identity.dpop.key'))

  test('DPOP-06 a point off the curve, even when the token names it', async () => {
    const { calculateJwkThumbprint } = await import('jose')
    const jwk = { kty: 'EC', crv: 'P-256', x: encode('x'.repeat(22)), y: encode('y'.repeat(22)) }
    const jkt = await calculateJwkThumbprint(jwk)
    expect(await verdict({ header: { jwk }, token: makeToken(TOKEN, { jkt }) })).toBe('identity.dpop.key')
  })

  test('DPOP-06 every other key under the same proof', async () => {
    const other = await makeSigner('ES256')
    expect(await verdict({ header: { jwk: other.jwk }, token: makeToken(TOKEN, { jkt: other.jkt }) })).toBe(
      'identity.dpop.signature',
    )
  })

  test('DPOP-06 an ECDSA signature in DER', async () => {
    const { sign } = await import('node:crypto')
    const { proof } = inputOf({})
    const input = proof.slice(0, proof.lastIndexOf('.'))
    const der = sign('sha256', Buffer.from(input), es256.privateKey).toString('base64url')
    expect(await verdict({ proof: `${input}.${der}` })).toBe('identity.dpop.signature')
  })

  test('DPOP-07 a private key in the header', async () => {
    expect(await verdict({ header: { jwk: es256.privateJwk } })).toBe('identity.dpop.key')
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']) {
      expect(await verdict({ header: { jwk: { ...es256.jwk, [member]: 'AA' } } })).toBe('identity.dpop.key')
    }
  })

  test.each([
    [{ use: 'sig', key_ops: ['verify'], alg: 'ES256', kid: 'x' }, 'ok'],
    [{ use: 'enc' }, 'identity.dpop.key'],
    [{ key_ops: ['sign'] }, 'identity.dpop.key'],
    [{ key_ops: 'verify' }, 'identity.dpop.key'],
    [{ alg: 'ES384' }, 'identity.dpop.key'],
  ])('DPOP-07 a key that says what it is for: %j', async (members, expected) => {
    expect(await verdict({ header: { jwk: { ...es256.jwk, ...members } } })).toBe(expected)
  })

  test('DPOP-07 RSA of 1024 bits', async () => {
    const signer = await makeSigner('PS256', 1024)
    expect(await verdict({ signer })).toBe('identity.dpop.key')
  })

  test('DPOP-07 RSA with exponent 1', async () => {
    const { calculateJwkThumbprint } = await import('jose')
    const jwk = { ...(await makeSigner('PS256')).jwk, kty: 'RSA', e: 'AQ' }
    const jkt = await calculateJwkThumbprint(jwk)
    expect(await verdict({ header: { alg: 'PS256', jwk }, token: makeToken(TOKEN, { jkt }) })).toBe(
      'identity.dpop.key',
    )
  })
})

describe('mutations', () => {
  test('DPOP-06 no changed character of a good proof is accepted', async () => {
    const { proof, ...rest } = inputOf({})
    await fc.assert(
      fc.asyncProperty(
        fc.nat(proof.length - 1),
        fc.constantFrom(...'ABCxyz019-_.=, é\\'),
        async (at, char) => {
          fc.pre(proof[at] !== char)
          const changed = proof.slice(0, at) + char + proof.slice(at + 1)
          expect((await verifier.verify({ ...rest, proof: changed })).ok).toBe(false)
        },
      ),
      { numRuns: 400 },
    )
  })

  test('no member of header or claims can be replaced by anything and keep the signature', async () => {
    const { proof, ...rest } = inputOf({})
    const [header = '', claims = '', signature = ''] = proof.split('.')
    const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as object
    const change = fc.record({
      name: fc.constantFrom('jti', 'htm', 'htu', 'iat', 'ath', 'x'),
      value: fc.jsonValue(),
    })
    await fc.assert(
      fc.asyncProperty(change, async ({ name, value }) => {
        const changed = encode({ ...decode(claims), [name]: value })
        fc.pre(changed !== claims)
        const forged = `${header}.${changed}.${signature}`
        expect((await verifier.verify({ ...rest, proof: forged })).ok).toBe(false)
      }),
    )
  })
})
