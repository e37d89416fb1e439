import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { identitySettings } from '../../src/config/schema/identity.ts'
import type { Result, VerifiedToken } from '../../src/identity/contract.ts'
import { type Meter, silentLog, silentMeter } from '../../src/ports.ts'
import type { KeySourceDeps } from '../../src/tokens/key-source.ts'
import { type AccessTokenVerifier, createTokenVerifier } from '../../src/tokens/verifier.ts'
import {
  encode,
  entrypointOf,
  ISSUER,
  identityOf,
  issuerOf,
  keys,
  type Members,
  makeKey,
  manualClock,
  mintAccessToken,
  NOW_MS,
  type SigningKey,
  tokenClaims,
} from '../harness/tokens.ts'

const JWKS = 'https://idp.example.com/jwks'
const edge = entrypointOf()

/** An issuer's web that the test changes: the keys it publishes, or `down`. */
function issuerWeb(...published: SigningKey[]) {
  const web = { published, isDown: false, fetches: 0 }
  const fetcher = async () => {
    web.fetches++
    if (web.isDown) throw new TypeError('fetch failed')
    return Response.json({ keys: web.published.map((key) => key.jwk) })
  }
  return Object.assign(web, { fetch: fetcher as never as typeof fetch })
}

function counting(): { meter: Meter; counts: Record<string, number> } {
  const counts: Record<string, number> = {}
  const add: Meter['add'] = (name, value, labels) => {
    const key = `${name} ${labels?.['result']}`
    counts[key] = (counts[key] ?? 0) + value
  }
  return { meter: { ...silentMeter, add }, counts }
}

type Deps = Partial<KeySourceDeps> & { readonly previous?: AccessTokenVerifier }

function make(issuer: Members, { previous, ...deps }: Deps = {}, cache: Members = {}) {
  const clock = manualClock()
  const { meter, counts } = counting()
  const all = { clock, meter, log: silentLog, baseDir: '/', ...deps }
  const compiled = createTokenVerifier(identityOf(issuer, cache), all, previous)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  const verifier = compiled.value
  const verdict = async (token: string) => {
    const result = await verifier.verify(token, edge, clock.nowMs())
    return result.ok ? 'accepted' : result.failure
  }
  return { verifier, clock, counts, verdict }
}

const remote = { jwks: { uri: JWKS } }
const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof Reflect.get(Object(value), 'then') === 'function'
const credentialOf = (result: Result<VerifiedToken>) => (result.ok ? result.value.credential : undefined)

describe('the verified-token cache', () => {
  const token = mintAccessToken()

  test('answers at once and with the very same objects', async () => {
    const { verifier, counts } = make({})
    const first = verifier.verify(token, edge, NOW_MS)
    expect(isPromise(first)).toBe(true)
    const again = verifier.verify(token, edge, NOW_MS)
    const verified = await first
    const hit = verifier.verify(token, edge, NOW_MS)
    expect(isPromise(hit)).toBe(false)
    await again
    const later = verifier.verify(token, edge, NOW_MS)
    expect(verifier.verify(token, edge, NOW_MS)).toBe(later)
    expect(verified.ok).toBe(true)
    expect(counts).toEqual({ 'vigil_token_cache_total miss': 2, 'vigil_token_cache_total hit': 3 })
  })

  test('the same iss and jti with a bad signature is refused', async () => {
    const { verdict } = make({})
    expect(await verdict(token)).toBe('accepted')
    const forged = mintAccessToken({ key: keys.stranger, header: { kid: 'es256' } })
    expect(await verdict(forged)).toBe('identity.token.signature')
    expect(await verdict(token)).toBe('accepted')
  })

  test('the same signing input with another signature is refused', async () => {
    const { verdict } = make({})
    expect(await verdict(token)).toBe('accepted')
    const [header, claims] = token.split('.')
    expect(await verdict(`${header}.${claims}.${encode(Buffer.alloc(64, 7))}`)).toBe(
      'identity.token.signature',
    )
  })

  test('the same signing input with another good signature is an entry of its own', async () => {
    const { verifier, verdict, counts } = make({})
    expect([await verdict(token), await verdict(mintAccessToken())]).toEqual(['accepted', 'accepted'])
    expect(counts).toEqual({ 'vigil_token_cache_total miss': 2 })
    const [first, second] = [token, mintAccessToken()]
    const both = await Promise.all(
      [first, second].map(async (t) => credentialOf(await verifier.verify(t, edge, NOW_MS))),
    )
    expect(both[0]?.tokenId).toBe(both[1]?.tokenId)
    expect(both[0]?.tokenHash).not.toBe(both[1]?.tokenHash)
  })

  test('an entry dies at exp; what is left of the leeway is verified each time', async () => {
    const { verdict, clock, counts } = make({})
    expect(await verdict(token)).toBe('accepted')
    clock.advance(299.999)
    expect(await verdict(token)).toBe('accepted')
    expect(counts['vigil_token_cache_total hit']).toBe(1)
    clock.advance(0.001)
    expect([await verdict(token), await verdict(token)]).toEqual(['accepted', 'accepted'])
    expect(counts).toEqual({ 'vigil_token_cache_total miss': 3, 'vigil_token_cache_total hit': 1 })
    clock.advance(5)
    expect(await verdict(token)).toBe('identity.token.expired')
  })

  test('a refused token is not remembered', async () => {
    const { verdict, clock, counts } = make({})
    const early = mintAccessToken({ claims: { nbf: NOW_MS / 1000 + 60 } })
    expect(await verdict(early)).toBe('identity.token.not-yet-valid')
    clock.advance(60)
    expect(await verdict(early)).toBe('accepted')
    expect(counts).toEqual({ 'vigil_token_cache_total miss': 2 })
  })

  test('maxTokens 0 switches it off', async () => {
    const { verdict, counts } = make({}, {}, { maxTokens: 0 })
    expect([await verdict(token), await verdict(token)]).toEqual(['accepted', 'accepted'])
    expect(counts).toEqual({ 'vigil_token_cache_total miss': 2 })
  })

  test('is bounded in number', async () => {
    const { verdict, counts } = make({}, {}, { maxTokens: 2 })
    const tokens = ['a', 'b', 'c'].map((jti) => mintAccessToken({ claims: { jti } }))
    for (const each of [...tokens, ...tokens]) expect(await verdict(each)).toBe('accepted')
    expect(counts).toEqual({ 'vigil_token_cache_total miss': 6 })
  })

  test('is bounded in bytes', async () => {
    const big = mintAccessToken({ claims: { pad: 'x'.repeat(8000) } })
    const { verdict, counts } = make({}, {}, { maxBytes: 8000 })
    expect([await verdict(big), await verdict(big)]).toEqual(['accepted', 'accepted'])
    expect([await verdict(token), await verdict(token)]).toEqual(['accepted', 'accepted'])
    expect(counts).toEqual({ 'vigil_token_cache_total miss': 3, 'vigil_token_cache_total hit': 1 })
  })

  test('keeps the tenants of two entrypoints apart', async () => {
    const { verifier } = make({})
    const tenantOf = async (tenant?: string) =>
      credentialOf(await verifier.verify(token, entrypointOf(tenant === undefined ? {} : { tenant }), NOW_MS))
    const [a, b, none, again] = [
      await tenantOf('a'),
      await tenantOf('b'),
      await tenantOf(),
      await tenantOf('a'),
    ]
    expect([a?.tenant, b?.tenant, none?.tenant]).toEqual(['a', 'b', ''])
    expect(again).toBe(a)
  })

  test('does not outlive its configuration', async () => {
    const first = make({})
    expect(await first.verdict(token)).toBe('accepted')
    const second = make({ audiences: ['https://other.example'] }, { previous: first.verifier })
    expect(await second.verdict(token)).toBe('identity.token.audience')
  })
})

describe('JWT-16 a removed key', () => {
  const token = mintAccessToken()

  test('stops working refreshSeconds later, cached tokens included', async () => {
    const web = issuerWeb(keys.es256, keys.rs256)
    const { verdict, clock } = make(remote, { fetch: web.fetch })
    const long = mintAccessToken({ claims: { exp: NOW_MS / 1000 + 3600 } })
    const kept = mintAccessToken({ key: keys.rs256, claims: { exp: NOW_MS / 1000 + 3600 } })
    expect([await verdict(long), await verdict(kept)]).toEqual(['accepted', 'accepted'])
    web.published = [keys.rs256]
    clock.advance(240)
    expect(await verdict(long)).toBe('accepted')
    clock.advance(60.001)
    expect(await verdict(long)).toBe('identity.token.unknown-key')
    expect(await verdict(kept)).toBe('accepted')
  })

  test('takes the cached tokens along as soon as it is known to be gone', async () => {
    const web = issuerWeb(keys.es256)
    const { verdict } = make(remote, { fetch: web.fetch })
    expect(await verdict(token)).toBe('accepted')
    web.published = [keys.stranger]
    expect(await verdict(mintAccessToken({ key: keys.stranger }))).toBe('accepted')
    expect(await verdict(token)).toBe('identity.token.unknown-key')
  })

  test('with the name of its successor is not the successor', async () => {
    const web = issuerWeb(keys.es256)
    const { verdict, clock } = make(remote, { fetch: web.fetch })
    expect(await verdict(token)).toBe('accepted')
    const successor = makeKey('ES256', 'es256')
    web.published = [successor]
    clock.advance(301)
    const long = { exp: NOW_MS / 1000 + 3600 }
    expect(await verdict(mintAccessToken({ claims: long }))).toBe('identity.token.signature')
    expect(await verdict(mintAccessToken({ key: successor, claims: long }))).toBe('accepted')
  })
})

describe('JWT-16 an issuer that cannot be reached', () => {
  const long = mintAccessToken({ claims: { exp: NOW_MS / 1000 + 86_400 } })

  test('never reached: unavailable, not invalid', async () => {
    const web = issuerWeb(keys.es256)
    web.isDown = true
    const { verifier, verdict } = make(remote, { fetch: web.fetch })
    expect(await verifier.start()).toMatchObject([{ issuer: ISSUER, state: 'unavailable', keys: 0 }])
    expect(await verdict(long)).toBe('identity.keys.unavailable')
  })

  test('lost: the keys at hand serve until maxStaleSeconds, from the cache and without it', async () => {
    const web = issuerWeb(keys.es256)
    const { verifier, verdict, clock } = make(remote, { fetch: web.fetch })
    expect(await verifier.start()).toMatchObject([{ state: 'loaded', keys: 1 }])
    expect(await verdict(long)).toBe('accepted')
    web.isDown = true
    clock.advance(3600)
    expect(await verdict(long)).toBe('accepted')
    expect(await verdict(mintAccessToken({ claims: { ...tokenClaims(), exp: NOW_MS / 1000 + 7200 } }))).toBe(
      'accepted',
    )
    expect(isPromise(verifier.verify(long, edge, clock.nowMs()))).toBe(false)
    expect(verifier.state()).toMatchObject([{ state: 'stale' }])
    clock.advance(1)
    expect(await verdict(long)).toBe('identity.keys.unavailable')
    web.isDown = false
    clock.advance(5)
    expect(await verdict(long)).toBe('accepted')
  })

  test('a new configuration keeps the keys of an issuer that it does not change', async () => {
    const web = issuerWeb(keys.es256)
    const first = make(remote, { fetch: web.fetch })
    await first.verifier.start()
    web.isDown = true
    const same = make(
      { ...remote, maxLifetimeSeconds: 90_000 },
      { fetch: web.fetch, previous: first.verifier },
    )
    expect(await same.verdict(long)).toBe('accepted')
    const other = make({ jwks: { uri: `${JWKS}2` } }, { fetch: web.fetch, previous: first.verifier })
    expect(await other.verdict(long)).toBe('identity.keys.unavailable')
  })
})

describe('JWT-16 an unknown kid', () => {
  test('makes one fetch per cooldown, and finds a new key', async () => {
    const web = issuerWeb(keys.es256)
    const { verifier, verdict, clock } = make(remote, { fetch: web.fetch })
    await verifier.start()
    const unknown = mintAccessToken({ key: keys.stranger })
    expect(await verdict(unknown)).toBe('identity.token.unknown-key')
    web.published = [keys.es256, keys.stranger]
    expect(await verdict(unknown)).toBe('identity.token.unknown-key')
    expect(web.fetches).toBe(2)
    clock.advance(30)
    expect(await verdict(unknown)).toBe('accepted')
    expect(web.fetches).toBe(3)
  })

  test('of a token that is refused anyway makes none', async () => {
    const web = issuerWeb(keys.es256)
    const { verifier, verdict } = make(remote, { fetch: web.fetch })
    await verifier.start()
    await verdict(mintAccessToken({ key: keys.stranger, claims: { exp: 1 } }))
    await verdict(mintAccessToken({ key: keys.stranger, claims: { aud: 'x' } }))
    await verdict(mintAccessToken({ key: keys.stranger, claims: { iss: 'https://evil.example' } }))
    await verdict(mintAccessToken({ header: { alg: 'RS384' } }))
    expect(web.fetches).toBe(1)
  })
})

describe('keys in a file', () => {
  let dir = ''
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'vigil-keys-'))
  })
  afterEach(() => rmSync(dir, { recursive: true }))

  /** As a volume mount does: the new file takes the place of the old one. */
  const publish = (...published: Members[]) => {
    writeFileSync(join(dir, 'next'), JSON.stringify({ keys: published }))
    renameSync(join(dir, 'next'), join(dir, 'jwks.json'))
  }
  const file = { jwks: { file: 'jwks.json' } }

  test('are read at load and again a second after the file has changed', async () => {
    publish(keys.es256.jwk)
    const { verdict, clock } = make(file, { baseDir: dir })
    const token = mintAccessToken()
    expect(await verdict(token)).toBe('accepted')
    publish(keys.stranger.jwk)
    expect(await verdict(token)).toBe('accepted')
    clock.advance(1.001)
    expect(await verdict(token)).toBe('identity.token.unknown-key')
    expect(await verdict(mintAccessToken({ key: keys.stranger }))).toBe('accepted')
  })

  test('serve on while the file is missing or broken', async () => {
    publish(keys.es256.jwk)
    const { verifier, verdict, clock } = make(file, { baseDir: dir })
    writeFileSync(join(dir, 'jwks.json'), '{"keys":')
    clock.advance(2)
    expect(await verdict(mintAccessToken())).toBe('accepted')
    expect(verifier.state()).toMatchObject([{ state: 'stale', lastFailure: expect.stringContaining('JSON') }])
    rmSync(join(dir, 'jwks.json'))
    clock.advance(2)
    expect(await verdict(mintAccessToken())).toBe('accepted')
    // After a recent failure nobody waits for the next look: it runs beside.
    const lastFailure = () => verifier.state()[0]?.lastFailure ?? ''
    for (let turn = 0; turn < 1000 && lastFailure().includes('JSON'); turn++) await setImmediate()
    expect(lastFailure()).toBe(`jwks.file: there is no such file: ${join(dir, 'jwks.json')}`)
  })

  test.each([
    ['missing', undefined, 'jwks.file: there is no such file: DIR/jwks.json'],
    ['not JSON', 'x', 'the document is not a well-formed JSON object (syntax)'],
    ['too large', ' '.repeat(600_000), 'the file is larger than 524288 bytes'],
    ['without keys', '{}', 'the key set has no list `keys`'],
    [
      'with a symmetric key',
      '{"keys":[{"kty":"oct"}]}',
      'key 0 of the file: the key is symmetric: whoever verifies with it could also sign',
    ],
  ])('%s: a problem with a position', (_, text, message) => {
    if (text !== undefined) writeFileSync(join(dir, 'jwks.json'), text)
    const deps = { clock: manualClock(), meter: silentMeter, log: silentLog, baseDir: dir }
    expect(createTokenVerifier(identityOf(file), deps)).toEqual({
      ok: false,
      problems: [{ path: ['identity', 'issuers', 0, 'jwks', 'file'], message: message.replace('DIR', dir) }],
    })
  })
})

describe('settings that cannot work', () => {
  const deps = { clock: manualClock(), meter: silentMeter, log: silentLog, baseDir: '/' }
  const problemsOf = (...issuers: Members[]) => {
    const compiled = createTokenVerifier(identitySettings.parse({ issuers: issuers.map(issuerOf) }), deps)
    return compiled.ok ? [] : compiled.problems
  }

  test('no issuer at all is no problem: every token is refused', async () => {
    const compiled = createTokenVerifier(identitySettings.parse({}), deps)
    expect(compiled.ok && (await compiled.value.verify(mintAccessToken(), edge, NOW_MS))).toMatchObject({
      failure: 'identity.token.unknown-issuer',
    })
  })

  test.each([
    [
      'a weak inline key',
      [{ jwks: { inline: { keys: [keys.es256.jwk, { ...keys.es256.jwk, d: 'A' }] } } }],
      [0, 'jwks', 'inline', 'keys', 1],
      'the key holds private members: give only the public part, and take this key out of use',
    ],
    [
      'no inline key of use',
      [{ algorithms: ['ES384'] }],
      [0, 'jwks', 'inline', 'keys'],
      'no key here can be used with ES384',
    ],
    [
      'a key set over http',
      [{ jwks: { uri: 'http://idp.example.com/jwks' } }],
      [0, 'jwks', 'uri'],
      'the address must use https (http only on a loopback address)',
    ],
    [
      'discovery of a name that is no URL',
      [{ issuer: 'idp', jwks: { discovery: true } }],
      [0, 'jwks', 'discovery'],
      'the address is not a URL',
    ],
    ['an issuer twice', [{}, {}], [1, 'issuer'], 'this issuer is configured twice'],
  ] as const)('%s', (_, issuers, path, message) => {
    expect(problemsOf(...issuers)).toEqual([{ path: ['identity', 'issuers', ...path], message }])
  })
})
