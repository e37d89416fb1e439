import { describe, expect, test } from '@jest/globals'
import {
  ISSUER,
  keys,
  type Members,
  mintAccessToken,
  NOW,
  signCompact,
  tokenClaims,
  tokenHeader,
} from '../harness/tokens.ts'
import { credentialOf, minted, of, verdict } from './verifying.ts'

describe('the claims', () => {
  const CLAIMS = 'identity.token.claims'
  const AUDIENCE = 'identity.token.audience'
  const cases: (readonly [string, Members, string])[] = [
    ['JWT-09 AT-03 another audience', { aud: 'https://other.example' }, AUDIENCE],
    ['JWT-09 AT-03 a longer audience', { aud: 'https://api.example.com/' }, AUDIENCE],
    ['JWT-09 AT-03 other audiences', { aud: ['https://a.example', 'https://b.example'] }, AUDIENCE],
    ['JWT-09 AT-03 the audience in other case', { aud: 'https://API.example.com' }, AUDIENCE],
    ['JWT-12 aud is an empty list', { aud: [] }, CLAIMS],
    ['JWT-12 aud is a list with a number', { aud: ['https://api.example.com', 1] }, CLAIMS],
    ['JWT-12 aud is an object', { aud: { 0: 'https://api.example.com' } }, CLAIMS],
    ['JWT-10 AT-05 expired', { exp: NOW - 6 }, 'identity.token.expired'],
    ['JWT-10 AT-05 expired to the second', { exp: NOW - 5 }, 'identity.token.expired'],
    ['JWT-10 nbf in the future', { nbf: NOW + 6 }, 'identity.token.not-yet-valid'],
    ['JWT-11 iat in the future', { iat: NOW + 6, exp: NOW + 60 }, 'identity.token.not-yet-valid'],
    ['JWT-12 sub is a number', { sub: 5 }, CLAIMS],
    ['JWT-12 sub is empty', { sub: '' }, CLAIMS],
    ['JWT-12 jti is a number', { jti: 5 }, CLAIMS],
    ['JWT-12 jti is null', { jti: null }, CLAIMS],
    ['JWT-12 client_id is a list', { client_id: ['web-app'] }, CLAIMS],
    ['JWT-12 exp is a text', { exp: String(NOW + 60) }, CLAIMS],
    ['JWT-12 exp is null', { exp: null }, CLAIMS],
    ['JWT-12 nbf is a text', { nbf: 'x' }, CLAIMS],
    ['JWT-12 iat is a boolean', { iat: true }, CLAIMS],
    ['JWT-12 auth_time is a text', { auth_time: '1' }, CLAIMS],
    ['JWT-12 acr is a number', { acr: 1 }, CLAIMS],
    ['JWT-12 amr is a text', { amr: 'pwd' }, CLAIMS],
    ['JWT-12 sid is a number', { sid: 1 }, CLAIMS],
    ['JWT-12 act is a text', { act: 'agent' }, CLAIMS],
    ['JWT-12 act without sub', { act: { iss: ISSUER } }, CLAIMS],
    ['JWT-12 act.iss is a number', { act: { sub: 'a', iss: 1 } }, CLAIMS],
    ['JWT-12 a nested act without sub', { act: { sub: 'a', act: {} } }, CLAIMS],
    ['JWT-12 cnf is a text', { cnf: 'jkt' }, CLAIMS],
    ['JWT-12 cnf is a list', { cnf: [] }, CLAIMS],
    ['JWT-12 cnf.jkt is a number', { cnf: { jkt: 1 } }, CLAIMS],
    ['JWT-12 cnf.jkt is no digest', { cnf: { jkt: 'abc' } }, CLAIMS],
    ['JWT-12 cnf.x5t#S256 is hex', { cnf: { 'x5t#S256': 'ab'.repeat(32) } }, CLAIMS],
    ['an empty cnf', { cnf: {} }, 'identity.binding.unsupported'],
    ['a cnf of another kind', { cnf: { kid: 'x' } }, 'identity.binding.unsupported'],
    ['a cnf with a whole key', { cnf: { jwk: { kty: 'EC' } } }, 'identity.binding.unsupported'],
    ['AT-06 no exp', { exp: undefined }, CLAIMS],
    ['AT-06 no aud', { aud: undefined }, CLAIMS],
    ['AT-06 no sub', { sub: undefined }, CLAIMS],
    ['AT-06 no client_id', { client_id: undefined }, CLAIMS],
    ['AT-06 azp does not stand in', { client_id: undefined, azp: 'web-app' }, CLAIMS],
    ['AT-06 no iat', { iat: undefined }, CLAIMS],
    ['AT-06 no jti', { jti: undefined }, CLAIMS],
    ['AT-08 scope is a list', { scope: ['orders.read'] }, CLAIMS],
    ['AT-08 scope with a line break', { scope: 'orders.read\r\nx-admin: 1' }, CLAIMS],
  ]
  test.each(cases)('%s', async (_, claims, expected) => {
    expect(await verdict(minted(claims))).toBe(expected)
  })

  test('JWT-12 a number beyond all bounds', async () => {
    const text = JSON.stringify(tokenClaims()).replace(`"exp":${NOW + 300}`, '"exp":1e999')
    expect(text).toContain('1e999')
    expect(await verdict(signCompact(tokenHeader(), text, keys.es256))).toBe(CLAIMS)
  })

  test('JWT-10 the leeway is the issuer’s', async () => {
    const verifier = of({ leewaySeconds: 0 })
    expect(await verdict(minted({ exp: NOW }), verifier)).toBe('identity.token.expired')
    expect(await verdict(minted({ exp: NOW + 0.001 }), verifier)).toBe('accepted')
    expect(await verdict(minted({ nbf: NOW + 1 }), verifier)).toBe('identity.token.not-yet-valid')
  })

  test('AT-05 a token that lives longer than its issuer may allow', async () => {
    const verifier = of({ maxLifetimeSeconds: 300 })
    expect(await verdict(minted({}), verifier)).toBe('accepted')
    expect(await verdict(minted({ exp: NOW + 301 }), verifier)).toBe('identity.token.lifetime')
  })

  test('JWT-13 a second member is refused even under a good signature', async () => {
    const claims = JSON.stringify(tokenClaims()).replace('{', '{"sub":"mallory",')
    expect(await verdict(signCompact(tokenHeader(), claims, keys.es256))).toBe(
      'identity.token.duplicate-member',
    )
    const header = JSON.stringify(tokenHeader()).replace('{', '{"\\u0061lg":"none",')
    expect(await verdict(signCompact(header, tokenClaims(), keys.es256))).toBe(
      'identity.token.duplicate-member',
    )
  })
})

test('JWT-15 an access token that says so may have a claim that ID tokens have, too', async () => {
  expect(await verdict(minted({ nonce: 'n' }))).toBe('accepted')
})

describe('tokenType JWT, for issuers that do not follow RFC 9068', () => {
  const lax = of({ tokenType: 'JWT' })
  const jwt = (claims: Members = {}, header: Members = {}) =>
    mintAccessToken({ header: { typ: 'JWT', ...header }, claims })
  test.each([
    ['as the issuer makes them', jwt(), 'accepted'],
    ['jti may be missing', jwt({ jti: undefined }), 'accepted'],
    ['azp stands in for client_id', jwt({ client_id: undefined, azp: 'web-app' }), 'accepted'],
    ['the client must be known', jwt({ client_id: undefined }), 'identity.token.claims'],
    ['iat stays required', jwt({ iat: undefined }), 'identity.token.claims'],
    ['AT-01 at+jwt is another type', mintAccessToken(), 'identity.token.type'],
    ['AT-01 a token without typ', jwt({}, { typ: undefined }), 'identity.token.type'],
    ['JWT-15 an ID token with nonce', jwt({ nonce: 'n' }), 'identity.token.type'],
    ['JWT-15 an ID token with at_hash', jwt({ at_hash: 'h' }), 'identity.token.type'],
    ['JWT-15 an ID token with c_hash', jwt({ c_hash: 'h' }), 'identity.token.type'],
  ])('%s', async (_, token, expected) => {
    expect(await verdict(token, lax)).toBe(expected)
  })

  test('azp is the client', async () => {
    const credential = await credentialOf(jwt({ client_id: undefined, azp: 'alice' }), lax)
    expect(credential).toMatchObject({ client: 'alice', kind: 'machine' })
  })

  test('without jti the signing input names the token', async () => {
    const first = await credentialOf(jwt({ jti: undefined }), lax)
    const again = await credentialOf(jwt({ jti: undefined }), lax)
    expect(again.tokenHash).not.toBe(first.tokenHash)
    expect(again.tokenId).toBe(first.tokenId)
    expect(first.tokenId).toMatch(/^sha256:[\w-]{43}$/)
  })
})
