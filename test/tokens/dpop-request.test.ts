import { describe, expect, test } from '@jest/globals'
import type { BindingPolicy } from '../../src/identity/contract.ts'
import { athOf, makeSigner } from '../harness/proofs.ts'
import { AT_MS, makeEntrypoint, makeToken } from '../harness/requests.ts'
import { type Case, es256, NOW, nonces, TOKEN, useOf, verdict } from './proving.ts'

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
