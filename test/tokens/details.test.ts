import { describe, expect, test } from '@jest/globals'
import {
  entrypointOf,
  type Members,
  mintAccessToken,
  NOW_MS,
  NOW as TOKEN_NOW,
  type TokenOverrides,
} from '../harness/tokens.ts'
import { type Case, entrypoint, inputOf, NOW, verifier as proofs } from './proving.ts'
import { of, plain } from './verifying.ts'

/** What a record tells beyond the sentence of the failure. */

const LONG = 'x'.repeat(1000)

describe('a refused token', () => {
  const detailOf = async (overrides: TokenOverrides, issuer?: Members) => {
    const tokens = issuer === undefined ? plain : of(issuer)
    const result = await tokens.verify(mintAccessToken(overrides), entrypointOf(), NOW_MS)
    if (result.ok) throw new Error('accepted')
    return result.detail
  }

  test.each<[string, TokenOverrides, Members | undefined, unknown]>([
    [
      'unknown issuer',
      { claims: { iss: 'https://other.example' } },
      undefined,
      'iss claims "https://other.example"; configured are https://idp.example.com',
    ],
    [
      'no issuer',
      { claims: { iss: undefined } },
      undefined,
      'iss claims nothing; configured are https://idp.example.com',
    ],
    [
      'audiences',
      { claims: { aud: ['https://a.example', 'b\n'] } },
      undefined,
      'aud claims "https://a.example", "b\\u{a}"; audiences are https://api.example.com',
    ],
    ['typ', { header: { typ: 'JWT' } }, undefined, 'typ claims "JWT"; tokenType is at+jwt'],
    ['no typ', { header: { typ: undefined } }, undefined, 'typ claims nothing; tokenType is at+jwt'],
    [
      'alg',
      { header: { alg: 'HS256' } },
      undefined,
      expect.stringMatching(/^alg claims "HS256"; allowed are /),
    ],
    ['kid', { header: { kid: 'k-gone' } }, undefined, 'kid claims "k-gone"'],
    ['expired', { claims: { exp: TOKEN_NOW - 60 } }, undefined, 'exp was 60 s ago; leewaySeconds is 5'],
    ['nbf', { claims: { nbf: TOKEN_NOW + 60 } }, undefined, 'nbf is 60 s ahead; leewaySeconds is 5'],
    [
      'iat',
      { claims: { iat: TOKEN_NOW + 90, exp: TOKEN_NOW + 200 } },
      undefined,
      'iat is 90 s ahead; leewaySeconds is 5',
    ],
    [
      'lifetime',
      { claims: { iat: TOKEN_NOW, exp: TOKEN_NOW + 7200 } },
      { maxLifetimeSeconds: 3600 },
      'from iat to exp are 7200 s; maxLifetimeSeconds is 3600',
    ],
    ['a missing claim', { claims: { jti: undefined } }, undefined, 'jti is missing'],
    [
      'size',
      { claims: { more: LONG.repeat(20) } },
      undefined,
      expect.stringMatching(/^\d+ characters; 16384 are/),
    ],
  ])('%s', async (_, overrides, issuer, expected) => {
    expect(await detailOf(overrides, issuer)).toEqual(expected)
  })

  test.each<[string, TokenOverrides]>([
    ['iss', { claims: { iss: LONG } }],
    ['aud', { claims: { aud: [LONG, LONG, LONG, LONG, LONG, LONG] } }],
    ['typ', { header: { typ: LONG } }],
    ['alg', { header: { alg: LONG } }],
    ['kid', { header: { kid: 'k'.repeat(250) } }],
  ])('a long %s is shortened', async (_, overrides) => {
    const detail = await detailOf(overrides)
    expect(detail).toContain('…')
    expect(detail).not.toMatch(/x{128}|k{128}/)
  })
})

describe('a refused proof', () => {
  const detailOf = async (c: Case) => {
    const result = await proofs.verify(inputOf(c))
    if (result.ok) throw new Error('accepted')
    return result.detail
  }
  const REQUEST = 'the request is for "/v1/users/~bob" at "api.example.com"'
  const ORIGINS = `externalOrigins of entrypoint ${entrypoint.name} are https://api.example.com`

  test.each<[string, Case, unknown]>([
    ['typ', { header: { typ: 'JWT' } }, 'typ claims "JWT"'],
    [
      'alg',
      { header: { alg: 'none' } },
      expect.stringMatching(/^alg claims "none"; dpop.algorithms are ES256/),
    ],
    ['htm', { claims: { htm: 'POST' } }, 'htm claims "POST"; the request is "GET"'],
    [
      'htu, without its query',
      { claims: { htu: 'https://other.example/a?secret=1#f' } },
      `htu claims "https://other.example/a"; ${REQUEST}, and ${ORIGINS}`,
    ],
    [
      'htu that may hold a password',
      { claims: { htu: 'https://user:secret@api.example.com/v1/users/~bob' } },
      `htu is no absolute http(s) URI that can be read in one way only; ${REQUEST}, and ${ORIGINS}`,
    ],
    [
      'an entrypoint without origins',
      { entrypoint: { ...entrypoint, externalOrigins: [] } },
      `entrypoint ${entrypoint.name} has no externalOrigins`,
    ],
    ['a missing claim', { claims: { ath: undefined } }, 'ath is missing'],
    ['a claim of another type', { claims: { iat: '1' } }, 'iat is of the wrong type'],
    ['a long jti', { claims: { jti: LONG } }, 'jti is longer than 256 characters'],
    ['too old', { claims: { iat: NOW - 90 } }, 'iat was 90 s ago; dpop.maxAgeSeconds is 60'],
    ['from the future', { claims: { iat: NOW + 90 } }, 'iat is 90 s ahead; dpop.maxFutureSeconds is 5'],
  ])('%s', async (_, c, expected) => expect(await detailOf(c)).toEqual(expected))
})
