import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { BindingPolicy, ProofInput, VerifiedToken } from '../../src/identity/contract.ts'
import type { Entrypoint } from '../../src/model.ts'
import { createProofVerifier } from '../../src/tokens/dpop.ts'
import { createNonces } from '../../src/tokens/nonce.ts'
import { athOf, encode, makeSigner, type ProofSigner, signatureOf, signProof } from '../harness/proofs.ts'
import { AT_MS, makeCheck, makeEntrypoint, makeToken } from '../harness/requests.ts'

const TOKEN = 'header.claims.signature'
const HTU = 'https://api.example.com/v1/users/~bob'
const NOW = AT_MS / 1000
const nonces = createNonces([Buffer.alloc(32, 1)], randomBytes)
const verifier = createProofVerifier(nonces)
const entrypoint = makeEntrypoint()

let es256: ProofSigner
const CLAIMS = { jti: 'jti-1', htm: 'GET', htu: HTU, iat: NOW, ath: athOf(TOKEN) }

interface Case {
  readonly signer?: ProofSigner
  readonly header?: Record<string, unknown>
  readonly claims?: Record<string, unknown>
  readonly proof?: string
  readonly dpop?: Partial<BindingPolicy['dpop']>
  readonly check?: Parameters<typeof makeCheck>[0]
  readonly entrypoint?: Entrypoint
  readonly token?: VerifiedToken
}

function inputOf(c: Case): ProofInput {
  const signer = c.signer ?? es256
  return {
    proof:
      c.proof ?? signProof(signer, { header: c.header ?? {}, claims: { ...CLAIMS, ...(c.claims ?? {}) } }),
    check: makeCheck(c.check),
    entrypoint: c.entrypoint ?? entrypoint,
    token: c.token ?? makeToken(TOKEN, { jkt: signer.jkt }, c.dpop === undefined ? {} : { dpop: c.dpop }),
  }
}

/** The failure code, or `ok`. */
async function verdict(c: Case): Promise<string> {
  const result = await verifier.verify(inputOf(c))
  return result.ok ? 'ok' : result.failure
}

async function useOf(c: Case) {
  const result = await verifier.verify(inputOf(c))
  if (!result.ok) throw new Error(result.failure)
  return result.value
}

beforeAll(async () => {
  es256 = await makeSigner('ES256')
})

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

describe('the request and the token', () => {
  test.each(['POST', 'get', 'GET ', 'HEAD'])('DPOP-08 htm %p is not GET', async (htm) => {
    expect(await verdict({ claims: { htm } })).toBe('identity.dpop.method')
  })

  test.each([
    'HTTPS://API.Example.COM/v1/users/~bob',
    'https://api.example.com:443/v1/users/~bob',
    'https://api.example.com/v1/./x/../users/~bob',
    'https://api.example.com/v1/users/%7Ebob',
    'https://api.example.com/v1/users/%7ebob',
    'https://api.example.com/v1/users/~bob?x=1#f',
    'https://api.example.com/v1/%2e%2e/v1/users/~bob',
  ])('DPOP-09 accepts %s', async (htu) => expect(await verdict({ claims: { htu } })).toBe('ok'))

  test.each([
    'http://api.example.com/v1/users/~bob',
    'https://api.example.com:8443/v1/users/~bob',
    'https://api.example.com/v1/users/~Bob',
    'https://api.example.com/v1/users/~bob/',
    'https://api.example.com/v1/users%2F~bob',
    'https://api.example.com./v1/users/~bob',
    'https://user@api.example.com/v1/users/~bob',
    'https://@api.example.com/v1/users/~bob',
    'https://api.example.com/v1\\users/~bob',
    'https://api.example.com\\@evil.example/v1/users/~bob',
    'https://evil.example/v1/users/~bob',
    'https://api.example.com/v1/users/~bob\u0000',
    ' https://api.example.com/v1/users/~bob',
    'https://api.example.com//v1/users/~bob',
    '/v1/users/~bob',
    'api.example.com',
  ])('DPOP-09 refuses %j', async (htu) => {
    expect(await verdict({ claims: { htu } })).toBe('identity.dpop.target')
  })

  test('DPOP-09 a request for //admin/x needs a proof for //admin/x', async () => {
    const check = { path: '//admin/x' }
    expect(await verdict({ check, claims: { htu: 'https://api.example.com//admin/x' } })).toBe('ok')
    for (const htu of ['https://api.example.com/x', 'https://api.example.com/admin/x', 'https://admin/x']) {
      expect(await verdict({ check, claims: { htu } })).toBe('identity.dpop.target')
    }
  })

  test('DPOP-09 the request path is normalised the same way', async () => {
    expect(await verdict({ check: { path: '/v1/x/../users/%7ebob' } })).toBe('ok')
    expect(await verdict({ check: { path: '/v1/users/%zz' } })).toBe('identity.dpop.target')
    expect(await verdict({ check: { path: '*' } })).toBe('identity.dpop.target')
  })

  test('DPOP-09 without configured origins no proof can be verified', async () => {
    expect(await verdict({ entrypoint: makeEntrypoint({ externalOrigins: [] }) })).toBe(
      'identity.dpop.target',
    )
  })

  test('DPOP-09 the Host is not evidence, but of two origins it names one', async () => {
    const two = makeEntrypoint({ externalOrigins: ['https://api.example.com', 'https://b.example.com:8443'] })
    expect(await verdict({ check: { authority: 'evil.example' } })).toBe('ok')
    expect(await verdict({ check: { authority: 'api.example.com:443' }, entrypoint: two })).toBe('ok')
    expect(await verdict({ check: { authority: 'b.example.com:8443' }, entrypoint: two })).toBe(
      'identity.dpop.target',
    )
  })

  test('DPOP-12 ath of another token', async () => {
    expect(await verdict({ claims: { ath: athOf('other') } })).toBe('identity.dpop.token-hash')
  })

  test('DPOP-13 a key that is not the one of the token', async () => {
    const other = await makeSigner('ES256')
    expect(await verdict({ token: makeToken(TOKEN, { jkt: other.jkt }) })).toBe('identity.dpop.key-binding')
    expect(await verdict({ token: makeToken(TOKEN, {}) })).toBe('identity.dpop.key-binding')
  })
})

describe('freshness', () => {
  test.each([
    [-59, 'ok'],
    [-60, 'ok'],
    [-61, 'identity.dpop.time'],
    [4, 'ok'],
    [5, 'ok'],
    [6, 'identity.dpop.time'],
    [1e12, 'identity.dpop.time'],
    [-1e300, 'identity.dpop.time'],
  ])('DPOP-11 iat %d s from now', async (offset, expected) => {
    expect(await verdict({ claims: { iat: NOW + offset } })).toBe(expected)
  })

  const required = { nonce: 'required' } as const

  test('DPOP-10 without the required nonce', async () => {
    expect(await verdict({ dpop: required })).toBe('identity.dpop.nonce-required')
  })

  test.each<[string, BindingPolicy['dpop']['nonce']]>([
    ['required', 'required'],
    ['not required', 'off'],
  ])('DPOP-10 a nonce is always verified (%s)', async (_, nonce) => {
    const dpop = { nonce }
    const old = nonces.issue(es256.jkt, AT_MS - 300_001)
    const foreign = nonces.issue('another key', AT_MS)
    expect(await verdict({ dpop, claims: { nonce: nonces.issue(es256.jkt, AT_MS) } })).toBe('ok')
    for (const bad of [old, foreign, '', 'nonce']) {
      expect(await verdict({ dpop, claims: { nonce: bad } })).toBe('identity.dpop.nonce-invalid')
    }
  })

  test('DPOP-10 the same nonce serves many proofs', async () => {
    const nonce = nonces.issue(es256.jkt, AT_MS - 299_000)
    for (const jti of ['a', 'b']) {
      expect(await verdict({ dpop: required, claims: { nonce, jti } })).toBe('ok')
    }
  })

  test.each([-1e6, 1e6])('DPOP-11 with a nonce the client clock (%d s off) is not asked', async (offset) => {
    const nonce = nonces.issue(es256.jkt, AT_MS - 10_000)
    expect(await verdict({ claims: { nonce, iat: NOW + offset } })).toBe('ok')
  })
})

describe('DPOP-16 what is to be used once', () => {
  test('lives until the proof is no longer accepted, and the leeway', async () => {
    expect(await useOf({ claims: { iat: NOW - 20 } })).toEqual({
      kind: 'proof',
      name: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      ttlMs: 40_000 + 5_000,
      issuedAtMs: AT_MS - 20_000,
      mayRepeat: false,
    })
  })

  test('with a nonce: until the nonce is dead', async () => {
    const nonce = nonces.issue(es256.jkt, AT_MS - 100_000)
    expect(await useOf({ claims: { nonce, iat: NOW + 1e9 } })).toMatchObject({
      ttlMs: 200_000 + 5_000,
      nonceAgeMs: 100_000,
      issuedAtMs: AT_MS - 100_000,
    })
  })

  test('is the same for one proof whatever spelling the request has, and differs by jti, method, target, key', async () => {
    const name = async (c: Case) => (await useOf(c)).name
    const first = await name({})
    expect(await name({ check: { path: '/v1/users/%7Ebob' } })).toBe(first)
    expect(await name({ claims: { htu: 'https://API.example.com:443/v1/users/%7Ebob' } })).toBe(first)
    const others = [
      await name({ claims: { jti: 'jti-2' } }),
      await name({ claims: { htm: 'PUT' }, check: { method: 'PUT' } }),
      await name({ claims: { htu: 'https://api.example.com/x' }, check: { path: '/x' } }),
      await name({ signer: await makeSigner('ES256') }),
    ]
    expect(new Set([first, ...others]).size).toBe(5)
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
