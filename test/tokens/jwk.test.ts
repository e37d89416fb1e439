import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { calculateJwkThumbprint } from 'jose'
import type { Algorithm } from '../../src/lib/algorithms.ts'
import { importKey } from '../../src/tokens/jwk.ts'
import { buildKeySet, findKey } from '../../src/tokens/key-set.ts'
import { thumbprintOf } from '../../src/tokens/thumbprint.ts'
import { keys, type Members, makeKey } from '../harness/tokens.ts'

/** RFC 7638 section 3.1. */
const RFC_7638 = {
  kty: 'RSA',
  n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
  e: 'AQAB',
  alg: 'RS256',
  kid: '2011-04-29',
}

const RSA = new Set<Algorithm>(['RS256', 'PS256', 'ES256'])
const ONE_RSA = new Set<Algorithm>(['PS256', 'ES256'])
const rsa = (members: Members) => ({ kty: 'RSA', n: RFC_7638.n, e: RFC_7638.e, ...members })
const outcome = (jwk: unknown, allowed = RSA) => {
  const imported = importKey(jwk, allowed)
  return imported.kind === 'key' ? (imported.key.algorithm ?? 'any RSA') : imported.kind
}

describe('thumbprints', () => {
  test('the example of RFC 7638 section 3.1', () => {
    expect(thumbprintOf(RFC_7638)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  })

  test.each(['es256', 'rs256', 'ed25519'] as const)('are those of jose for %s', async (name) => {
    const { jwk } = keys[name]
    expect(thumbprintOf(jwk)).toBe(await calculateJwkThumbprint(jwk as { kty: string }))
  })

  test('need every required member and an asymmetric key', () => {
    expect(thumbprintOf({ kty: 'oct', k: 'AAAA' })).toBeUndefined()
    expect(thumbprintOf({ kty: 'EC', crv: 'P-256', x: 'a' })).toBeUndefined()
    expect(thumbprintOf({})).toBeUndefined()
  })
})

describe('JWT-04 one key, one algorithm', () => {
  test.each([
    ['EC P-256', makeKey('ES256', 'k', { alg: undefined }).jwk, 'ES256'],
    ['EC P-384', makeKey('ES384', 'k', { alg: undefined }).jwk, 'ES384'],
    ['EC P-521', makeKey('ES512', 'k', { alg: undefined }).jwk, 'ES512'],
    ['Ed25519', makeKey('Ed25519', 'k', { alg: undefined }).jwk, 'Ed25519'],
    ['Ed25519 named EdDSA', makeKey('EdDSA', 'k').jwk, 'Ed25519'],
    ['RSA with alg', rsa({ alg: 'PS384' }), 'PS384'],
    ['RSA without alg, two RSA algorithms allowed', rsa({}), 'any RSA'],
  ])('%s', (_, jwk, expected) => {
    expect(outcome(jwk)).toBe(expected)
  })

  test.each([
    ['a kid of 256 characters', { ...keys.es256.jwk, kid: 'k'.repeat(256) }, 'ES256'],
    ['the exponent 3', rsa({ e: 'Aw' }), 'any RSA'],
    ['verify among its operations', { ...keys.es256.jwk, key_ops: ['sign', 'verify'] }, 'ES256'],
  ])('is taken with %s', (_, jwk, expected) => {
    expect(outcome(jwk)).toBe(expected)
  })

  test('RSA without alg, one RSA algorithm allowed', () => {
    expect(outcome(rsa({}), ONE_RSA)).toBe('PS256')
  })
})

describe('keys that are not used', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
  const ec = keys.es256.jwk
  test.each([
    ['symmetric', { kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' }, 'refused'],
    ['with a private EC scalar', { ...ec, d: 'AAAA' }, 'refused'],
    ['with a private RSA prime', rsa({ p: 'AAAA' }), 'refused'],
    ['with an empty private member', { ...ec, d: '' }, 'refused'],
    ['with a secret', { ...ec, k: 'AAAA' }, 'refused'],
    ['with a private key of another type', { ...ec, priv: 'AAAA' }, 'refused'],
    ['RSA of 1024 bits', weak, 'refused'],
    ['RSA with exponent 1', rsa({ e: 'AQ' }), 'refused'],
    ['RSA with an even exponent', rsa({ e: 'AQAA' }), 'refused'],
    ['RSA without modulus', { kty: 'RSA', e: 'AQAB' }, 'refused'],
    ['EC off its curve', { ...ec, y: ec['x'] }, 'refused'],
    ['EC without y', { ...ec, y: undefined }, 'refused'],
    ['EC with the algorithm of RSA', { ...ec, alg: 'RS256' }, 'refused'],
    ['EC with the algorithm of another curve', { ...ec, alg: 'ES384' }, 'refused'],
    ['EC with HS256', { ...ec, alg: 'HS256' }, 'refused'],
    ['EC with none', { ...ec, alg: 'none' }, 'refused'],
    ['kid is a number', { ...ec, kid: 1 }, 'refused'],
    ['kid of 257 characters', { ...ec, kid: 'k'.repeat(257) }, 'refused'],
    ['a text', 'key', 'refused'],
    ['null', null, 'refused'],
    ['for encryption', { ...ec, use: 'enc', alg: 'ECDH-ES' }, 'foreign'],
    ['use of another type', { ...ec, use: ['sig'] }, 'foreign'],
    ['key_ops without verify', { ...ec, key_ops: ['sign'] }, 'foreign'],
    ['key_ops is a text', { ...ec, key_ops: 'verify' }, 'foreign'],
    ['of an unsupported curve', { kty: 'EC', crv: 'secp256k1', x: 'a', y: 'b' }, 'foreign'],
    ['Ed448', { kty: 'OKP', crv: 'Ed448', x: 'a' }, 'foreign'],
    ['of an unknown type', { kty: 'AKP', pub: 'a' }, 'foreign'],
  ])('%s', (_, jwk, expected) => {
    expect(outcome(jwk)).toBe(expected)
  })

  test.each(['d', 'q', 'dp', 'dq', 'qi', 'oth'])('RSA with a private %s', (name) => {
    expect(outcome(rsa({ [name]: 'AAAA' }))).toBe('refused')
  })

  test.each([
    ['key', 'sig', 'is not an object'],
    [{ ...ec, kid: 1 }, 'sig', 'has a kid that is not a text of at most 256 characters'],
    [{ kty: 'AKP' }, 'sig', 'is of a type or curve that no supported algorithm uses'],
    [{ ...ec, alg: 'RS256' }, 'sig', 'names an algorithm that does not fit its type'],
    [{ ...ec, y: ec['x'] }, 'sig', 'is not a valid public key'],
    [{ ...ec, use: 'enc' }, 'sig', 'is not for signatures (`use`)'],
    [ec, 'jwt-svid', 'is not for JWT-SVIDs (`use`)'],
    [{ ...ec, key_ops: ['sign'] }, 'sig', 'may not verify (`key_ops`)'],
    [weak, 'sig', 'is an RSA key of less than 2048 bits'],
    [rsa({ e: 'AQ' }), 'sig', 'is an RSA key with an unusable exponent'],
  ] as const)('a problem is told in words: %#', (jwk, use, problem) => {
    expect(importKey(jwk, RSA, use)).toMatchObject({ problem })
  })

  test('a problem never quotes the key', () => {
    const imported = importKey({ ...ec, d: 'planted-secret' }, RSA)
    expect(JSON.stringify(imported)).not.toContain('planted-secret')
    expect(JSON.stringify(imported)).not.toContain(ec['x'])
  })
})

describe('key sets', () => {
  test('keep the objects of keys that stay, and only of those', () => {
    const before = buildKeySet([keys.es256.jwk, keys.rs256.jwk], RSA)
    const after = buildKeySet([keys.ed25519.jwk, keys.es256.jwk], RSA, before.keys)
    expect([...after.keys].filter((key) => before.keys.has(key)).map((key) => key.kid)).toEqual(['es256'])
    const renamed = buildKeySet([{ ...keys.es256.jwk, kid: 'new' }], RSA, before.keys)
    expect([...renamed.keys].some((key) => before.keys.has(key))).toBe(false)
  })

  test('keep the algorithm that an RSA key was seen with', () => {
    const before = buildKeySet([rsa({ kid: 'r' })], RSA)
    for (const key of before.keys) key.algorithm = 'PS256'
    const after = buildKeySet([rsa({ kid: 'r' })], RSA, before.keys)
    expect([...after.keys].map((key) => key.algorithm)).toEqual(['PS256'])
    const named = buildKeySet([rsa({ kid: 'r', alg: 'RS256' })], RSA, before.keys)
    expect([...named.keys].map((key) => key.algorithm)).toEqual(['RS256'])
  })

  test('hold a key that is listed twice once', () => {
    expect(buildKeySet([keys.es256.jwk, keys.es256.jwk], RSA).keys.size).toBe(1)
  })

  test('name the members that are not used', () => {
    const set = buildKeySet([keys.es256.jwk, { kty: 'oct' }, { ...keys.rs256.jwk, use: 'enc' }], RSA)
    expect(set.unused.map(({ index, kind }) => [index, kind])).toEqual([
      [1, 'refused'],
      [2, 'foreign'],
    ])
  })

  test('may give two keys of different types the same name (RFC 7517 section 4.5)', () => {
    const set = buildKeySet([keys.es256.jwk, { ...keys.rs256.jwk, kid: 'es256' }], RSA)
    const found = findKey(set.keys, 'es256', 'RS256')
    expect(found.ok && found.value.object.asymmetricKeyType).toBe('rsa')
    expect(findKey(set.keys, 'es256', 'Ed25519')).toMatchObject({ failure: 'identity.token.algorithm' })
  })
})
