/** A second opinion: what Vigil accepts, `oauth4webapi` accepts too; what it refuses beyond that is listed here. */
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import * as oauth from 'oauth4webapi'
import { silentLog, silentMeter } from '../../src/ports.ts'
import { createTokenVerifier } from '../../src/tokens/verifier.ts'
import {
  AUDIENCE,
  entrypointOf,
  ISSUER,
  identityOf,
  keys,
  manualClock,
  mintAccessToken,
  NOW,
  NOW_MS,
  type TokenOverrides,
} from '../harness/tokens.ts'

const JWKS = `${ISSUER}/jwks`
const published = { keys: [keys.es256.jwk, keys.rs256.jwk, keys.ed25519.jwk] }
const compiled = createTokenVerifier(identityOf(), {
  clock: manualClock(),
  meter: silentMeter,
  log: silentLog,
  baseDir: '/',
})

async function ours(token: string): Promise<string> {
  if (!compiled.ok) throw new Error('not compiled')
  const result = await compiled.value.verify(token, entrypointOf(), NOW_MS)
  return result.ok ? 'accepted' : result.failure
}

async function theirs(token: string): Promise<boolean> {
  const request = new Request(AUDIENCE, { headers: { authorization: `Bearer ${token}` } })
  const options = {
    [oauth.customFetch]: async () => Response.json(published),
    [oauth.clockSkew]: NOW - Math.floor(Date.now() / 1000),
    [oauth.clockTolerance]: 5,
    signingAlgorithms: ['ES256', 'RS256', 'Ed25519', 'EdDSA'],
  }
  try {
    await oauth.validateJwtAccessToken({ issuer: ISSUER, jwks_uri: JWKS }, request, AUDIENCE, options)
    return true
  } catch {
    return false
  }
}

const HEADER: readonly (readonly [string, unknown])[] = [
  ...['application/at+jwt', 'AT+JWT', 'JWT', 'dpop+jwt', 1].map((typ) => ['typ', typ] as const),
  ...['rs256', 'unknown', 1, undefined].map((kid) => ['kid', kid] as const),
  ['crit', ['exp']],
  ['crit', []],
  ['jku', 'https://evil.example/jwks'],
]

// A minute off either way: the oracle reads the real clock, so its edges cannot be met to the second.
const CLAIMS: readonly (readonly [string, unknown])[] = [
  ...[`${ISSUER}/`, 1, undefined].map((iss) => ['iss', iss] as const),
  ...['bob', 5, undefined].map((sub) => ['sub', sub] as const),
  ...[[AUDIENCE, 'x'], [], 'x', undefined].map((aud) => ['aud', aud] as const),
  ...['other', 5, undefined].map((client) => ['client_id', client] as const),
  ...[NOW + 60, NOW - 60, String(NOW + 60), undefined].map((exp) => ['exp', exp] as const),
  ...[NOW - 60, NOW + 60, 'x'].map((nbf) => ['nbf', nbf] as const),
  ...[NOW + 60, NOW - 60, undefined].map((iat) => ['iat', iat] as const),
  ...['j', 5, undefined].map((jti) => ['jti', jti] as const),
  ...['a b', ['a'], 1].map((scope) => ['scope', scope] as const),
  ...[{ sub: 'a' }, 'a'].map((act) => ['act', act] as const),
  ...[['pwd'], 'pwd'].map((amr) => ['amr', amr] as const),
]

/** At most two changes in each part, so that good tokens occur too. */
const overrides: fc.Arbitrary<TokenOverrides> = fc.record({
  key: fc.constantFrom(keys.es256, keys.rs256, keys.ed25519, keys.stranger),
  header: fc.subarray([...HEADER], { maxLength: 1 }).map(Object.fromEntries),
  claims: fc.subarray([...CLAIMS], { maxLength: 2 }).map(Object.fromEntries),
})

/** Where Vigil is stricter: types of optional claims, `iat` in the future, the key's own type, unusual headers. */
const STRICTER = new Set([
  'identity.token.claims',
  'identity.token.not-yet-valid',
  'identity.token.critical-header',
  'identity.token.malformed',
])

describe('against oauth4webapi.validateJwtAccessToken', () => {
  test('nothing is accepted that it refuses, and the rest is refused for a listed reason', async () => {
    let agreed = 0
    await fc.assert(
      fc.asyncProperty(overrides, async (each) => {
        const token = mintAccessToken(each)
        const [verdict, isAccepted] = [await ours(token), await theirs(token)]
        if (verdict === 'accepted') {
          agreed++
          expect(isAccepted).toBe(true)
        } else if (isAccepted) {
          expect(STRICTER).toContain(verdict)
        }
      }),
      { numRuns: 400 },
    )
    // The generator must make good tokens too, or the property says nothing.
    expect(agreed).toBeGreaterThan(5)
  })
})
