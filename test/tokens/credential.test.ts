import { describe, expect, test } from '@jest/globals'
import type { Entrypoint } from '../../src/model.ts'
import { silentLog, silentMeter } from '../../src/ports.ts'
import { createTokenVerifier } from '../../src/tokens/verifier.ts'
import {
  entrypointOf,
  ISSUER,
  identityOf,
  type Members,
  manualClock,
  mintAccessToken,
  NOW,
  NOW_MS,
  sha256,
} from '../harness/tokens.ts'

const deps = { clock: manualClock(), meter: silentMeter, log: silentLog, baseDir: '/' }
const DIGEST = sha256('a key')
const OTHER = sha256('another key')

async function verifiedBy(claims: Members, issuer: Members = {}, entrypoint: Partial<Entrypoint> = {}) {
  const compiled = createTokenVerifier(identityOf(issuer), deps)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  const result = await compiled.value.verify(mintAccessToken({ claims }), entrypointOf(entrypoint), NOW_MS)
  if (!result.ok) throw new Error(`${result.failure} ${result.detail}`)
  return result.value
}

const credentialOf = async (claims: Members, issuer: Members = {}, entrypoint: Partial<Entrypoint> = {}) =>
  (await verifiedBy(claims, issuer, entrypoint)).credential

describe('the credential of a verified token', () => {
  test('says what the token says', async () => {
    const claims = { acr: 'phr', amr: ['hwk', 'pin'], auth_time: NOW - 60, dev: 'laptop-7' }
    const credential = await credentialOf(claims, { deviceClaim: 'dev' })
    expect(credential).toMatchObject({
      issuer: ISSUER,
      subject: 'alice',
      kind: 'user',
      tenant: '',
      client: 'web-app',
      session: { id: 'session-1', isDerived: false },
      scopes: ['orders.read', 'orders.write'],
      acr: 'phr',
      amr: ['hwk', 'pin'],
      authTime: NOW - 60,
      issuedAt: NOW,
      expiresAt: NOW + 300,
      device: 'laptop-7',
      tokenId: JSON.stringify([ISSUER, 'token-1']),
      confirmation: {},
    })
    expect(credential.actor).toBeUndefined()
    expect(Object.isFrozen(credential)).toBe(true)
  })

  test('what the token does not say is not made up', async () => {
    const { amr, session } = await credentialOf({ amr: undefined, sid: undefined })
    expect(amr).toEqual([])
    expect(session).toEqual({ id: expect.stringMatching(/^[\w-]{43}$/), isDerived: true })
  })

  test('tokenHash is the digest of the compact token (RFC 9449 section 4.1, `ath`)', async () => {
    const compiled = createTokenVerifier(identityOf(), deps)
    if (!compiled.ok) throw new Error('not compiled')
    const token = mintAccessToken()
    const result = await compiled.value.verify(token, entrypointOf(), NOW_MS)
    expect(result.ok && result.value.credential.tokenHash).toBe(sha256(token))
  })

  test.each([
    ['a user', {}, 'user'],
    ['a machine: sub is the client', { sub: 'web-app' }, 'machine'],
    ['an agent: act is present', { act: { sub: 'agent-1' } }, 'agent'],
    ['an agent, whatever sub is', { sub: 'web-app', act: { sub: 'agent-1' } }, 'agent'],
  ])('kind: %s', async (_, claims, kind) => {
    expect((await credentialOf(claims)).kind).toBe(kind)
  })

  test('scopes are split at spaces', async () => {
    expect((await credentialOf({ scope: '' })).scopes).toEqual([])
    expect((await credentialOf({ scope: ' a  b ' })).scopes).toEqual(['a', 'b'])
    expect((await credentialOf({ scope: undefined })).scopes).toEqual([])
  })

  test.each([
    ['a key', { cnf: { jkt: DIGEST } }, { jkt: DIGEST }],
    ['a certificate', { cnf: { 'x5t#S256': DIGEST } }, { x5t: DIGEST }],
    ['both', { cnf: { jkt: DIGEST, 'x5t#S256': OTHER } }, { jkt: DIGEST, x5t: OTHER }],
    ['a key and something unknown beside', { cnf: { jkt: DIGEST, new: 1 } }, { jkt: DIGEST }],
    ['nothing', {}, {}],
  ])('bound to %s', async (_, claims, confirmation) => {
    expect((await credentialOf(claims)).confirmation).toEqual(confirmation)
  })

  test('the binding policy is the issuer’s, and the same object for each of its tokens', async () => {
    const { binding } = await verifiedBy({}, { binding: 'required', dpop: { nonce: 'required' } })
    expect(binding).toEqual({
      mode: 'required',
      dpop: {
        algorithms: ['ES256', 'Ed25519', 'PS256'],
        nonce: 'required',
        maxAgeSeconds: 60,
        maxFutureSeconds: 5,
      },
    })
  })
})

describe('the session', () => {
  test('is the configured claim', async () => {
    expect((await credentialOf({ ssn: 'x' }, { sessionClaim: 'ssn' })).session).toEqual({
      id: 'x',
      isDerived: false,
    })
  })

  test('is derived from issuer, subject, client and what holds the token', async () => {
    const base = { sid: undefined }
    const derived = async (claims: Members, issuer: Members = {}) =>
      (await credentialOf({ ...base, ...claims }, issuer)).session
    const first = await derived({})
    expect(first.isDerived).toBe(true)
    expect(await derived({ jti: 'token-2', iat: NOW - 1 })).toEqual(first)
    const others = [
      await derived({ sub: 'bob' }),
      await derived({ client_id: 'other-app' }),
      await derived({ cnf: { jkt: DIGEST } }),
      await derived({ cnf: { jkt: OTHER } }),
      await derived({ dev: 'laptop-7' }, { deviceClaim: 'dev' }),
    ]
    expect(new Set([first.id, ...others.map((session) => session.id)]).size).toBe(6)
  })

  test('is never one that every object inherits', async () => {
    expect((await credentialOf({}, { sessionClaim: 'constructor' })).session.isDerived).toBe(true)
  })
})

describe('the tenant', () => {
  test.each([
    ['the issuer’s before all', { tenant: 'a', tenantClaim: 'tid' }, { tid: 'b' }, 'c', 'a'],
    ['the claim’s before the entrypoint’s', { tenantClaim: 'tid' }, { tid: 'b' }, 'c', 'b'],
    ['the entrypoint’s where the token names none', { tenantClaim: 'tid' }, {}, 'c', 'c'],
    ['the entrypoint’s', {}, {}, 'c', 'c'],
    ['none', {}, {}, undefined, ''],
  ])('is %s', async (_, issuer, claims, tenant, expected) => {
    const entrypoint = tenant === undefined ? {} : { tenant }
    expect((await credentialOf(claims, issuer, entrypoint)).tenant).toBe(expected)
  })

  test('of an unverified claim does not exist: a wrong type is refused', async () => {
    await expect(credentialOf({ tid: ['a'] }, { tenantClaim: 'tid' })).rejects.toThrow(
      'tid is of the wrong type',
    )
  })
})

describe('claims for policy', () => {
  test('are only those that configuration lists', async () => {
    const { claims } = await credentialOf({ roles: ['admin'], email: 'a@example.com' }, { claims: ['roles'] })
    expect(Object.entries(claims)).toEqual([['roles', ['admin']]])
    expect(Object.isFrozen(claims)).toBe(true)
  })

  test('never come from a prototype and never change one', async () => {
    const hostile = JSON.parse('{"__proto__":{"isAdmin":true}}')
    const { claims } = await credentialOf(hostile, { claims: ['__proto__', 'toString', 'missing'] })
    // A member by that name is a member like any other.
    expect(Object.keys(claims)).toEqual(['__proto__'])
    expect(Object.hasOwn(claims, 'toString')).toBe(false)
    expect(Object.getPrototypeOf(claims)).toBe(Object.prototype)
    expect(claims['isAdmin']).toBeUndefined()
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined()
  })
})
