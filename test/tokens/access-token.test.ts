import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { identitySettings } from '../../src/config/schema/identity.ts'
import {
  encode,
  entrypointOf,
  ISSUER,
  issuerOf,
  keys,
  makeKey,
  mintAccessToken,
  NOW,
  NOW_MS,
  signCompact,
  signInput,
  tokenClaims,
  tokenHeader,
} from '../harness/tokens.ts'
import { type Case, minted, of, plain, verdict, verifierOf } from './verifying.ts'

describe('what is accepted', () => {
  const cases: Case[] = [
    ['AT-04 ES256', {}, 'accepted'],
    ['AT-04 RS256', { key: keys.rs256 }, 'accepted'],
    ['AT-04 Ed25519', { key: keys.ed25519 }, 'accepted'],
    ['AT-04 Ed25519 under its old name EdDSA', { key: keys.ed25519, header: { alg: 'EdDSA' } }, 'accepted'],
    ['AT-01 the whole media type', { header: { typ: 'application/at+jwt' } }, 'accepted'],
    ['AT-01 the media type in other case', { header: { typ: 'AT+JWT' } }, 'accepted'],
    [
      'AT-03 one audience of several',
      { claims: { aud: ['https://x.example', 'https://api.example.com'] } },
      'accepted',
    ],
    ['AT-08 no scope', { claims: { scope: undefined } }, 'accepted'],
    ['JWT-07 no kid where only one key fits', { header: { kid: undefined } }, 'accepted'],
    ['JWT-10 exp within the leeway', { claims: { exp: NOW - 4.9 } }, 'accepted'],
    ['JWT-10 nbf within the leeway', { claims: { nbf: NOW + 5 } }, 'accepted'],
    ['JWT-11 iat within the leeway', { claims: { iat: NOW + 5 } }, 'accepted'],
  ]
  test.each(cases)('%s', async (_, overrides, expected) => {
    expect(await verdict(mintAccessToken(overrides))).toBe(expected)
  })
})

describe('the header', () => {
  const cases: Case[] = [
    ['AT-01 no typ', { header: { typ: undefined } }, 'identity.token.type'],
    ['AT-01 typ JWT', { header: { typ: 'JWT' } }, 'identity.token.type'],
    ['AT-01 typ with a parameter', { header: { typ: 'at+jwt; a=b' } }, 'identity.token.type'],
    ['AT-01 typ with white space', { header: { typ: ' at+jwt' } }, 'identity.token.type'],
    ['AT-01 typ is a list', { header: { typ: ['at+jwt'] } }, 'identity.token.type'],
    ['JWT-15 a DPoP proof', { header: { typ: 'dpop+jwt' } }, 'identity.token.type'],
    ['JWT-15 a security event', { header: { typ: 'secevent+jwt' } }, 'identity.token.type'],
    ['JWT-15 a logout token', { header: { typ: 'logout+jwt' } }, 'identity.token.type'],
    ['JWT-15 an identity assertion grant', { header: { typ: 'oauth-id-jag+jwt' } }, 'identity.token.type'],
    ['JWT-15 another tree', { header: { typ: 'text/at+jwt' } }, 'identity.token.type'],
    ['JWT-03 alg none', { header: { alg: 'none' } }, 'identity.token.algorithm'],
    ['JWT-03 alg nOnE', { header: { alg: 'nOnE' } }, 'identity.token.algorithm'],
    ['JWT-03 no alg', { header: { alg: undefined } }, 'identity.token.algorithm'],
    ['JWT-03 HS256', { header: { alg: 'HS256' } }, 'identity.token.algorithm'],
    ['JWT-03 alg in other case', { header: { alg: 'es256' } }, 'identity.token.algorithm'],
    ['JWT-03 alg not on the list', { key: makeKey('ES384', 'es256') }, 'identity.token.algorithm'],
    ['JWT-03 alg is a list', { header: { alg: ['ES256'] } }, 'identity.token.algorithm'],
    ['JWT-04 the key of another algorithm', { header: { alg: 'RS256' } }, 'identity.token.algorithm'],
    ['JWT-05 crit', { header: { crit: ['exp'], exp: 1 } }, 'identity.token.critical-header'],
    [
      'JWT-05 crit of a known extension',
      { header: { crit: ['b64'], b64: true } },
      'identity.token.critical-header',
    ],
    ['JWT-05 empty crit', { header: { crit: [] } }, 'identity.token.critical-header'],
    ['JWT-05 crit null', { header: { crit: null } }, 'identity.token.critical-header'],
    ['JWT-07 unknown kid', { header: { kid: '../../etc/passwd' } }, 'identity.token.unknown-key'],
    ['JWT-07 kid is a number', { header: { kid: 1 } }, 'identity.token.malformed'],
    ['JWT-07 kid null', { header: { kid: null } }, 'identity.token.malformed'],
    ['JWT-07 kid of 257 characters', { header: { kid: 'k'.repeat(257) } }, 'identity.token.malformed'],
    ['JWT-07 kid of 256 characters', { header: { kid: 'k'.repeat(256) } }, 'identity.token.unknown-key'],
  ]
  test.each(cases)('%s', async (_, overrides, expected) => {
    expect(await verdict(mintAccessToken(overrides))).toBe(expected)
  })

  test.each(['jwk', 'jku', 'x5u', 'x5c'])('JWT-06 %s never brings a key', async (name) => {
    const { stranger } = keys
    const offered = {
      jwk: stranger.jwk,
      jku: 'https://evil.example/jwks',
      x5u: 'https://evil.example/x',
      x5c: ['MIIB'],
    }
    const header = { [name]: offered[name as keyof typeof offered] }
    expect(await verdict(mintAccessToken({ key: stranger, header: { ...header, kid: 'es256' } }))).toBe(
      'identity.token.signature',
    )
    expect(await verdict(mintAccessToken({ key: stranger, header }))).toBe('identity.token.unknown-key')
    // Beside a good key it is simply not read.
    expect(await verdict(mintAccessToken({ header }))).toBe('accepted')
  })
})

describe('the key and the signature', () => {
  test('AT-04 a signature by another key under a known kid', async () => {
    const token = mintAccessToken({ key: keys.stranger, header: { kid: 'es256' } })
    expect(await verdict(token)).toBe('identity.token.signature')
  })

  test.each([
    ['DER instead of r and s', Buffer.alloc(70, 1)],
    ['empty r and s', Buffer.alloc(64)],
    ['one byte', Buffer.alloc(1)],
  ])('AT-04 a signature that is %s', async (_, bytes) => {
    const token = mintAccessToken()
    const unsigned = token.slice(0, token.lastIndexOf('.'))
    expect(await verdict(`${unsigned}.${encode(bytes)}`)).toBe('identity.token.signature')
  })

  test('JWT-03 an HMAC made with the public key as its secret', async () => {
    const header = { ...tokenHeader(), alg: 'HS256' }
    expect(await verdict(signCompact(header, tokenClaims(), keys.es256))).toBe('identity.token.algorithm')
  })

  test('JWT-04 an RSA key that names its algorithm verifies no other', async () => {
    const input = `${encode(JSON.stringify({ ...tokenHeader(keys.rs256), alg: 'PS256' }))}.${encode(JSON.stringify(tokenClaims()))}`
    const token = `${input}.${signInput(input, keys.rs256, 'PS256')}`
    const verifier = of({ algorithms: ['RS256', 'PS256'] })
    expect(await verdict(token, verifier)).toBe('identity.token.algorithm')
  })

  test('JWT-04 an RSA key without algorithm keeps the first one it verified', async () => {
    const { alg: _, ...jwk } = keys.rs256.jwk
    const verifier = of({ algorithms: ['RS256', 'PS256'], jwks: { inline: { keys: [jwk] } } })
    const pss = { ...keys.rs256, alg: 'PS256' as const }
    const bad = mintAccessToken({ key: { ...makeKey('RS256', 'rs256') } })
    expect(await verdict(bad, verifier)).toBe('identity.token.signature')
    expect(await verdict(mintAccessToken({ key: pss }), verifier)).toBe('accepted')
    expect(await verdict(mintAccessToken({ key: keys.rs256 }), verifier)).toBe('identity.token.algorithm')
    expect(await verdict(mintAccessToken({ key: pss }), verifier)).toBe('accepted')
  })

  test('JWT-03 an algorithm that a published key has and the issuer may not use', async () => {
    const key = makeKey('ES384', 'es384')
    const verifier = of({ algorithms: ['ES256'], jwks: { inline: { keys: [keys.es256.jwk, key.jwk] } } })
    expect(await verdict(mintAccessToken({ key }), verifier)).toBe('identity.token.algorithm')
    expect(await verdict(mintAccessToken(), verifier)).toBe('accepted')
  })

  test('JWT-04 two first tokens at once still give an RSA key one algorithm', async () => {
    const { alg: _, ...jwk } = keys.rs256.jwk
    const verifier = of({ algorithms: ['RS256', 'PS256'], jwks: { inline: { keys: [jwk] } } })
    const pss = { ...keys.rs256, alg: 'PS256' as const }
    const both = [mintAccessToken({ key: pss }), mintAccessToken({ key: keys.rs256 })]
    const verdicts = await Promise.all(both.map((token) => verdict(token, verifier)))
    expect(verdicts.sort()).toEqual(['accepted', 'identity.token.algorithm'])
  })

  test('JWT-04 an RSA key without algorithm belongs to the only RSA algorithm of its issuer', async () => {
    const { alg: _, ...jwk } = keys.rs256.jwk
    const verifier = of({ algorithms: ['ES256', 'RS256'], jwks: { inline: { keys: [jwk] } } })
    expect(await verdict(mintAccessToken({ key: { ...keys.rs256, alg: 'PS256' } }), verifier)).toBe(
      'identity.token.algorithm',
    )
    expect(await verdict(mintAccessToken({ key: keys.rs256 }), verifier)).toBe('accepted')
  })

  test('JWT-07 no kid where two keys fit', async () => {
    const verifier = of({ jwks: { inline: { keys: [keys.es256.jwk, keys.stranger.jwk] } } })
    expect(await verdict(mintAccessToken({ header: { kid: undefined } }), verifier)).toBe(
      'identity.token.unknown-key',
    )
    expect(await verdict(mintAccessToken(), verifier)).toBe('accepted')
  })

  test('JWT-08 AT-02 a key of one issuer never verifies a token of another', async () => {
    const other = 'https://other.example'
    const settings = identitySettings.parse({
      issuers: [
        issuerOf({ jwks: { inline: { keys: [keys.es256.jwk] } } }),
        issuerOf({ issuer: other, jwks: { inline: { keys: [{ ...keys.stranger.jwk, kid: 'es256' }] } } }),
      ],
    })
    const verifier = verifierOf(settings)
    expect(await verdict(mintAccessToken(), verifier)).toBe('accepted')
    expect(await verdict(minted({ iss: other }), verifier)).toBe('identity.token.signature')
  })

  test.each([
    ['another issuer', 'https://evil.example'],
    ['with a slash behind', `${ISSUER}/`],
    ['in other case', ISSUER.toUpperCase()],
    ['a name every object inherits', 'constructor'],
    ['a list', [ISSUER]],
    ['missing', undefined],
  ])('JWT-08 AT-02 iss %s', async (_, iss) => {
    expect(await verdict(minted({ iss }))).toBe('identity.token.unknown-issuer')
  })
})

describe('hostile input', () => {
  const token = mintAccessToken()
  const [header, claims, signature] = token.split('.') as [string, string, string]
  test.each([
    ['JWT-01 AT-07 an encrypted token', `${header}.a.a.a.a`, 'identity.token.malformed'],
    ['JWT-01 no signature', `${header}.${claims}.`, 'identity.token.malformed'],
    [
      'JWT-02 a space inside',
      `${header}.${claims.slice(0, 5)} ${claims.slice(5)}.${signature}`,
      'identity.token.malformed',
    ],
    ['JWT-02 padding behind', `${token}==`, 'identity.token.malformed'],
    [
      'JWT-14 invalid UTF-8',
      `${header}.${encode(Buffer.from('7b22ff223a317d', 'hex'))}.${signature}`,
      'identity.token.malformed',
    ],
    ['JWT-17 too long', `${token}${'A'.repeat(16_384)}`, 'identity.token.oversized'],
    ['no token at all', '', 'identity.token.malformed'],
    ['binary', '\x00\xff', 'identity.token.malformed'],
  ])('%s', async (_, hostile, expected) => {
    expect(await verdict(hostile)).toBe(expected)
  })

  test('AT-09 a refusal quotes nothing of the token but the claim that was wrong', async () => {
    const secret = 'planted-secret'
    const hostile = [
      minted({ sub: [secret] }),
      minted({ iss: 'https://other.example', sub: secret, jti: secret }),
      `${token}.${secret}`,
      `${token.slice(0, token.lastIndexOf('.'))}.${secret}`,
      minted({ aud: 'https://other.example', sub: secret, jti: secret }),
    ]
    for (const each of hostile) {
      const result = await plain.verify(each, entrypointOf(), NOW_MS)
      expect(result.ok).toBe(false)
      expect(JSON.stringify(result)).not.toContain(secret)
    }
  })

  test('a valid token with any one character changed is never accepted', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.'
    const position = fc.nat(token.length - 1)
    await fc.assert(
      fc.asyncProperty(position, fc.constantFrom(...alphabet), async (at, char) => {
        fc.pre(token[at] !== char)
        const mutated = token.slice(0, at) + char + token.slice(at + 1)
        expect(await verdict(mutated)).not.toBe('accepted')
      }),
      { numRuns: 300 },
    )
  })

  test('a token cut, doubled, or with something put in is never accepted', async () => {
    const edit = fc.tuple(fc.nat(token.length), fc.nat(8), fc.string({ unit: 'binary', maxLength: 8 }))
    await fc.assert(
      fc.asyncProperty(edit, async ([at, cut, put]) => {
        const mutated = token.slice(0, at) + put + token.slice(at + cut)
        fc.pre(mutated !== token)
        expect(await verdict(mutated)).not.toBe('accepted')
      }),
      { numRuns: 300 },
    )
  })

  test('claims changed under the old signature are never accepted', async () => {
    const names = Object.keys(tokenClaims())
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.jsonValue(), async (name, value) => {
        const changed = encode(JSON.stringify({ ...tokenClaims(), [name]: value }))
        fc.pre(changed !== claims)
        expect(await verdict(`${header}.${changed}.${signature}`)).not.toBe('accepted')
      }),
    )
  })
})
