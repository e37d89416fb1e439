import { describe, expect, test } from '@jest/globals'
import { identitySettings, issuerSettings } from '../../src/config/schema/identity.ts'
import { createTokenVerifier } from '../../src/tokens/verifier.ts'
import {
  AUDIENCE,
  entrypointOf,
  ISSUER,
  issuerOf,
  keys,
  type Members,
  makeKey,
  mintAccessToken,
  NOW,
  NOW_MS,
  type SigningKey,
  sha256,
  signCompact,
} from '../harness/tokens.ts'
import { credentialOf, deps, verdict, verifierOf } from './verifying.ts'

const ID = 'spiffe://mesh.example.com/ns/shop/sa/orders'
const authority = makeKey('ES256', 'bundle', { use: 'jwt-svid' })
const rsa = makeKey('RS256', 'bundle-rsa', { use: 'jwt-svid' })
const edwards = makeKey('Ed25519', 'bundle-ed', { use: 'jwt-svid' })
const partner = makeKey('ES256', 'partner', { use: 'jwt-svid' })
const forSignatures = makeKey('ES256', 'sig', { use: 'sig' })
const forNothing = makeKey('ES256', 'none', { use: undefined })
const certificates = { ...makeKey('ES256', 'x509', { use: 'x509-svid', kid: undefined }).jwk, x5c: ['AA=='] }

const settings = (domain: Members = {}, more: Members = {}) =>
  identitySettings.parse({
    issuers: [issuerOf()],
    workloads: {
      trustDomains: [
        {
          name: 'mesh.example.com',
          audiences: [AUDIENCE, 'spiffe://mesh.example.com/vigil'],
          algorithms: ['ES256', 'RS256'],
          jwks: {
            inline: {
              keys: [authority.jwk, rsa.jwk, edwards.jwk, forSignatures.jwk, forNothing.jwk, certificates],
            },
          },
          tenant: 'acme',
          ...domain,
        },
        { name: 'partner.example', audiences: [AUDIENCE], jwks: { inline: { keys: [partner.jwk] } } },
        { name: 'certificates.only' },
      ],
    },
    cache: { maxTokens: 0 },
    ...more,
  })

const verifier = verifierOf(settings())

function svid(claims: Members = {}, header: Members = {}, key: SigningKey = authority): string {
  const all = { sub: ID, aud: AUDIENCE, exp: NOW + 300, iat: NOW, ...claims }
  return signCompact({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header }, all, key)
}

describe('a JWT-SVID', () => {
  test('SPIFFE-04 makes a workload, known as by its certificate', async () => {
    const token = svid({ jti: 'j', scope: 'admin', roles: ['admin'], iss: 'https://spire.example' })
    const { tokenId, ...credential } = await credentialOf(token, verifier)
    expect(credential).toEqual({
      issuer: 'spiffe://mesh.example.com',
      subject: ID,
      kind: 'workload',
      tenant: 'acme',
      session: { id: expect.stringMatching(/^[\w-]{43}$/), isDerived: true },
      scopes: [],
      amr: [],
      issuedAt: NOW,
      expiresAt: NOW + 300,
      claims: {},
      tokenHash: sha256(token),
      confirmation: {},
    })
    expect(tokenId).toBe(JSON.stringify(['spiffe://mesh.example.com', 'j']))
  })

  test.each<[string, Members, Members, string]>([
    ['SPIFFE-04 as it is issued', {}, {}, 'accepted'],
    ['SPIFFE-05 typ JOSE', {}, { typ: 'JOSE' }, 'accepted'],
    ['SPIFFE-05 no typ', {}, { typ: undefined }, 'accepted'],
    ['SPIFFE-05 typ at+jwt', {}, { typ: 'at+jwt' }, 'identity.token.type'],
    ['SPIFFE-05 typ in other case', {}, { typ: 'jwt' }, 'identity.token.type'],
    ['SPIFFE-05 typ that is no text', {}, { typ: 1 }, 'identity.token.type'],
    ['SPIFFE-05 another parameter', {}, { jku: 'https://evil.example' }, 'identity.token.malformed'],
    ['SPIFFE-05 its own key', {}, { jwk: forNothing.jwk }, 'identity.token.malformed'],
    ['SPIFFE-05 crit', {}, { crit: ['x'], x: 1 }, 'identity.token.critical-header'],
    ['SPIFFE-05 alg none', {}, { alg: 'none' }, 'identity.token.algorithm'],
    ['SPIFFE-05 alg of a shared secret', {}, { alg: 'HS256' }, 'identity.token.algorithm'],
    ['SPIFFE-04 no iat', { iat: undefined }, {}, 'accepted'],
    ['SPIFFE-04 aud among others', { aud: ['x', AUDIENCE] }, {}, 'accepted'],
    ['SPIFFE-04 another aud', { aud: 'https://other.example' }, {}, 'identity.token.audience'],
    ['SPIFFE-04 no aud', { aud: undefined }, {}, 'identity.token.claims'],
    ['SPIFFE-04 no exp', { exp: undefined }, {}, 'identity.token.claims'],
    ['SPIFFE-04 expired', { exp: NOW - 5 }, {}, 'identity.token.expired'],
    ['SPIFFE-04 nbf ahead', { nbf: NOW + 6 }, {}, 'identity.token.not-yet-valid'],
    ['SPIFFE-04 nbf ahead without iat', { nbf: NOW + 6, iat: undefined }, {}, 'identity.token.not-yet-valid'],
    ['SPIFFE-04 iat ahead', { iat: NOW + 6 }, {}, 'identity.token.not-yet-valid'],
    ['SPIFFE-04 exp is a text', { exp: '1' }, {}, 'identity.token.claims'],
    ['ACT-01 act', { act: { sub: 'a' } }, {}, 'identity.token.claims'],
    ['a binding of an unknown kind', { cnf: { kid: 'x' } }, {}, 'identity.binding.unsupported'],
    ['SPIFFE-01 no sub', { sub: undefined }, {}, 'identity.token.unknown-issuer'],
    ['SPIFFE-01 sub is no SPIFFE ID', { sub: 'orders' }, {}, 'identity.token.unknown-issuer'],
    [
      'SPIFFE-01 sub with a port',
      { sub: 'spiffe://mesh.example.com:1/a' },
      {},
      'identity.token.unknown-issuer',
    ],
    [
      'SPIFFE-01 the trust domain itself',
      { sub: 'spiffe://mesh.example.com' },
      {},
      'identity.token.unknown-issuer',
    ],
    [
      'SPIFFE-01 another trust domain',
      { sub: 'spiffe://evil.example/a' },
      {},
      'identity.token.unknown-issuer',
    ],
    [
      'SPIFFE-01 one without keys',
      { sub: 'spiffe://certificates.only/a' },
      {},
      'identity.token.unknown-issuer',
    ],
    [
      'SPIFFE-06 of the partner by our key',
      { sub: 'spiffe://partner.example/a' },
      {},
      'identity.token.unknown-key',
    ],
  ])('%s', async (_, claims, header, expected) => {
    expect(await verdict(svid(claims, header), verifier)).toBe(expected)
  })

  test.each([
    ['SPIFFE-05 RS256', rsa, 'accepted'],
    ['SPIFFE-05 EdDSA is none of its algorithms', edwards, 'identity.token.algorithm'],
    ['SPIFFE-06 a key of another trust domain', partner, 'identity.token.unknown-key'],
    ['SPIFFE-06 a key of an issuer', keys.es256, 'identity.token.unknown-key'],
    ['SPIFFE-06 a key of the bundle for signatures', forSignatures, 'identity.token.unknown-key'],
    ['SPIFFE-06 a key of the bundle for nothing in particular', forNothing, 'identity.token.unknown-key'],
  ])('%s', async (_, key, expected) => {
    expect(await verdict(svid({}, {}, key), verifier)).toBe(expected)
  })

  test('SPIFFE-06 another signature', async () => {
    const token = svid()
    expect(await verdict(`${token.slice(0, -8)}AAAAAAAA`, verifier)).toBe('identity.token.signature')
  })

  test('JWT-15 is no access token, and an access token is none', async () => {
    expect(await verdict(svid({ iss: ISSUER }), verifier)).toBe('identity.token.type')
    // The keys of the trust domain make no token of the issuer good.
    expect(await verdict(mintAccessToken({ key: authority }), verifier)).toBe('identity.token.unknown-key')
    const workload = await credentialOf(mintAccessToken({ claims: { sub: ID } }), verifier)
    expect(workload).toMatchObject({ issuer: ISSUER, kind: 'user' })
  })

  test('of each workload is a session of its own', async () => {
    const sessionOf = async (sub: string) => (await credentialOf(svid({ sub }), verifier)).session.id
    const other = 'spiffe://mesh.example.com/ns/shop/sa/stock'
    expect(await sessionOf(other)).not.toBe(await sessionOf(ID))
    expect(await sessionOf(ID)).toBe(await sessionOf(ID))
  })

  test('that is bound needs a proof by the rules of an issuer that says nothing of them', async () => {
    const result = await verifierOf(settings()).verify(svid(), entrypointOf(), NOW_MS)
    const { binding: mode, dpop } = issuerSettings.parse(issuerOf())
    expect(result).toMatchObject({ ok: true, value: { binding: { mode, dpop } } })
  })

  test('is unknown where no trust domain publishes keys', async () => {
    const none = verifierOf(identitySettings.parse({ issuers: [issuerOf()], cache: { maxTokens: 0 } }))
    expect(await verdict(svid(), none)).toBe('identity.token.unknown-issuer')
  })

  test('is no client, so a closed list of clients does not ask for it', async () => {
    const closed = verifierOf(settings({}, { unlistedClients: 'refuse' }))
    expect(await verdict(svid(), closed)).toBe('accepted')
  })

  test('is cached, and has the tenant of the entrypoint where its trust domain has none', async () => {
    const cached = verifierOf(settings({ tenant: undefined }, { cache: {} }))
    const token = svid()
    const first = await credentialOf(token, cached, 'of-entrypoint')
    expect(first.tenant).toBe('of-entrypoint')
    expect(await credentialOf(token, cached, 'of-entrypoint')).toBe(first)
    expect((await credentialOf(token, cached)).tenant).toBe('')
  })

  test('SPIFFE-06 an issuer that is called like the trust domain shares no key with it, across a reload neither', async () => {
    const iss = 'spiffe://mesh.example.com'
    const both = { algorithms: ['ES256'], jwks: { inline: { keys: [authority.jwk, forSignatures.jwk] } } }
    const twins = settings(both, { issuers: [issuerOf({ issuer: iss, ...both })] })
    const first = verifierOf(twins)
    const next = createTokenVerifier(twins, deps, first)
    if (!next.ok) throw new Error(JSON.stringify(next.problems))
    for (const each of [first, next.value]) {
      const access = (key: SigningKey) => mintAccessToken({ key, claims: { iss } })
      expect(await verdict(access(forSignatures), each)).toBe('accepted')
      expect(await verdict(access(authority), each)).toBe('identity.token.unknown-key')
      expect(await verdict(svid({}, {}, forSignatures), each)).toBe('identity.token.unknown-key')
      expect(await verdict(svid(), each)).toBe('accepted')
    }
  })

  test('of the same keys is good across a reload, which keeps them; a bundle without such keys is an error', async () => {
    const next = createTokenVerifier(settings(), deps, verifier)
    if (!next.ok) throw new Error(JSON.stringify(next.problems))
    const [kept, own] = [[...next.value.rings.entries()], [...verifier.rings.entries()]]
    expect(kept).toHaveLength(own.length)
    // The very same, so that a policy edit during an outage of the bundle's server keeps its keys.
    for (const [index, [name, ring]] of kept.entries()) {
      expect(name).toBe(own[index]?.[0])
      expect(ring).toBe(own[index]?.[1])
    }
    expect(await next.value.verify(svid(), entrypointOf(), NOW_MS)).toMatchObject({ ok: true })
    const wrong = createTokenVerifier(settings({ jwks: { inline: { keys: [forSignatures.jwk] } } }), deps)
    expect(wrong).toMatchObject({
      ok: false,
      problems: [{ path: ['identity', 'workloads', 'trustDomains', 0, 'jwks', 'inline', 'keys'] }],
    })
  })
})
