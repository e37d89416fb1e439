import { describe, expect, test } from '@jest/globals'
import { postureSettings } from '../../src/config/schema/posture.ts'
import { createPostureTokens } from '../../src/tokens/posture.ts'
import { COMPACT_LIMITS } from '../../src/tokens/strict.ts'
import {
  encode,
  keys,
  type Members,
  makeKey,
  manualClock,
  NOW,
  NOW_MS,
  type SigningKey,
  sha256,
  signCompact,
} from '../harness/tokens.ts'
import { deps } from './verifying.ts'

const MANAGER = 'https://mdm.example.com'
const JKT = sha256('a key of the device')

const settings = (change: Members = {}, issuer: Members = {}) =>
  postureSettings.parse({
    issuers: [
      {
        issuer: MANAGER,
        audiences: ['https://api.example.com'],
        jwks: { inline: { keys: [keys.es256.jwk] } },
        ...issuer,
      },
    ],
    claims: ['managed', 'patch'],
    ...change,
  })

function verifierOf(change: Members = {}, issuer: Members = {}) {
  const compiled = createPostureTokens(settings(change, issuer), deps, undefined)
  if (!compiled.ok || compiled.value === undefined) throw new Error(JSON.stringify(compiled))
  return compiled.value
}

const HEADER = { typ: 'device-posture+jwt', alg: 'ES256', kid: 'es256' }
const CLAIMS = {
  iss: MANAGER,
  sub: 'laptop-7',
  aud: 'https://api.example.com',
  iat: NOW,
  exp: NOW + 300,
  cnf: { jkt: JKT },
  posture: { managed: true, patch: 14, owner: 'alice' },
}

const minted = (claims: Members = {}, header: Members = {}, key: SigningKey = keys.es256) =>
  signCompact({ ...HEADER, ...header }, { ...CLAIMS, ...claims }, key)

async function verdict(token: string, verifier = verifierOf(), atMs = NOW_MS): Promise<string> {
  const result = await verifier.verify(token, atMs)
  return result.ok ? 'accepted' : result.failure
}

test('the state of the keys is told per issuer', () => {
  expect(verifierOf().state()).toEqual([{ issuer: MANAGER, use: 'sig', state: 'loaded', keys: 1 }])
})

test('without issuers there is no verifier', () => {
  expect(createPostureTokens(undefined, deps, undefined)).toEqual({ ok: true, value: undefined })
})

describe('a good posture token', () => {
  test('tells the device, its keys, and of its posture only what is listed', async () => {
    expect(await verifierOf().verify(minted(), NOW_MS)).toEqual({
      ok: true,
      value: {
        issuer: MANAGER,
        device: 'laptop-7',
        confirmation: { jkt: JKT },
        claims: { managed: true, patch: 14 },
      },
    })
  })

  test('needs no key of its own', async () => {
    const result = await verifierOf().verify(minted({ cnf: undefined }), NOW_MS)
    expect(result).toMatchObject({ ok: true, value: { confirmation: {} } })
  })

  test('a claim that every object inherits is not one of the token', async () => {
    const result = await verifierOf({ claims: ['constructor', 'managed'] }).verify(minted(), NOW_MS)
    expect(result.ok && Object.keys(result.value.claims)).toEqual(['managed'])
  })
})

describe('what does not hold', () => {
  const table: [string, Members, Members, string][] = [
    ['another type', {}, { typ: 'at+jwt' }, 'identity.token.type'],
    ['no type', {}, { typ: undefined }, 'identity.token.type'],
    ['an extension nobody knows', {}, { crit: ['b64'] }, 'identity.token.critical-header'],
    ['another algorithm', {}, { alg: 'ES384' }, 'identity.token.algorithm'],
    ['no signature', {}, { alg: 'none' }, 'identity.token.algorithm'],
    ['a key that nobody publishes', {}, { kid: 'other' }, 'identity.token.unknown-key'],
    ['another issuer', { iss: 'https://idp.example.com' }, {}, 'identity.token.unknown-issuer'],
    ['another audience', { aud: ['https://other.example'] }, {}, 'identity.token.audience'],
    ['no audience', { aud: undefined }, {}, 'identity.token.audience'],
    ['no device', { sub: undefined }, {}, 'identity.token.claims'],
    ['an empty device', { sub: '' }, {}, 'identity.token.claims'],
    ['no posture', { posture: undefined }, {}, 'identity.token.claims'],
    ['a posture that is no object', { posture: ['managed'] }, {}, 'identity.token.claims'],
    ['no time of issue', { iat: undefined }, {}, 'identity.token.claims'],
    ['no end', { exp: undefined }, {}, 'identity.token.claims'],
    ['an end in words', { exp: 'tomorrow' }, {}, 'identity.token.claims'],
    ['a beginning in words', { nbf: 'now' }, {}, 'identity.token.claims'],
    ['expired', { iat: NOW - 300, exp: NOW - 5 }, {}, 'identity.token.expired'],
    ['from the future', { iat: NOW + 6 }, {}, 'identity.token.not-yet-valid'],
    ['not valid yet', { nbf: NOW + 6 }, {}, 'identity.token.not-yet-valid'],
    ['longer than ten minutes', { exp: NOW + 601 }, {}, 'identity.token.lifetime'],
    ['a binding of another kind', { cnf: { kid: 'k' } }, {}, 'identity.binding.unsupported'],
    ['a thumbprint that is none', { cnf: { jkt: 'short' } }, {}, 'identity.token.claims'],
    ['a binding that is no object', { cnf: 'jkt' }, {}, 'identity.token.claims'],
  ]
  test.each(table)('%s, however often it is shown', async (_, claims, header, failure) => {
    const verifier = verifierOf()
    const token = minted(claims, header)
    expect(await verdict(token, verifier)).toBe(failure)
    expect(await verdict(token, verifier)).toBe(failure)
  })

  test('the signature of another key', async () => {
    expect(await verdict(minted({}, {}, { ...makeKey('ES256', 'x'), kid: 'es256' }))).toBe(
      'identity.token.signature',
    )
  })

  test('claims that were changed afterwards', async () => {
    const [head, , signature] = minted({ posture: { managed: false } }).split('.')
    const changed = `${head}.${encode(JSON.stringify(CLAIMS))}.${signature}`
    expect(await verdict(changed)).toBe('identity.token.signature')
  })

  test('no token at all, and too much of one', async () => {
    expect(await verdict('managed=true')).toBe('identity.token.malformed')
    expect(await verdict('A'.repeat(COMPACT_LIMITS.maxBytes))).toBe('identity.token.malformed')
    const tooMuch = verifierOf().verify('A'.repeat(COMPACT_LIMITS.maxBytes + 1), NOW_MS)
    expect(tooMuch).toMatchObject({ ok: false, failure: 'identity.token.oversized' })
  })
})

describe('the cache', () => {
  test('answers without waiting the second time, until the token ends', async () => {
    const verifier = verifierOf()
    const token = minted()
    expect(await verdict(token, verifier)).toBe('accepted')
    expect(verifier.verify(token, NOW_MS)).toMatchObject({ ok: true })
    expect(verifier.verify(token, NOW_MS + 299_999)).toMatchObject({ ok: true })
    expect(verifier.verify(token, NOW_MS + 300_000)).toBeInstanceOf(Promise)
    expect(await verdict(token, verifier, NOW_MS + 305_000)).toBe('identity.token.expired')
  })
})

/** A verifier whose keys are fetched, and what publishes others and lets the first ones get old. */
function fetched() {
  const clock = manualClock()
  let published = [keys.es256.jwk]
  const fetch = async () => Response.json({ keys: published })
  const remote = settings({}, { jwks: { uri: 'https://mdm.example.com/jwks', refreshSeconds: 60 } })
  const compiled = createPostureTokens(remote, { ...deps, clock, fetch }, undefined)
  if (!compiled.ok || compiled.value === undefined) throw new Error('not compiled')
  const replaceKeys = () => {
    published = [keys.stranger.jwk]
    clock.advance(61)
  }
  return { verifier: compiled.value, replaceKeys }
}

describe('keys', () => {
  test('that were removed take their cached tokens along', async () => {
    const { verifier, replaceKeys } = fetched()
    const token = minted()
    expect(await verdict(token, verifier)).toBe('accepted')
    replaceKeys()
    expect(await verdict(token, verifier, NOW_MS + 61_000)).toBe('identity.token.unknown-key')
    expect(await verdict(token, verifier, NOW_MS + 62_000)).toBe('identity.token.unknown-key')
  })

  test('that were removed take cached tokens along, too, when another token has made them be read anew', async () => {
    const { verifier, replaceKeys } = fetched()
    expect(await verdict(minted(), verifier)).toBe('accepted')
    replaceKeys()
    const next = minted({}, { kid: 'stranger' }, keys.stranger)
    expect(await verdict(next, verifier, NOW_MS + 61_000)).toBe('accepted')
    expect(await verdict(minted(), verifier, NOW_MS + 61_000)).toBe('identity.token.unknown-key')
  })

  test('are fetched once at the start', async () => {
    let asked = 0
    const fetch = async () => {
      asked += 1
      return Response.json({ keys: [keys.es256.jwk] })
    }
    const remote = settings({}, { jwks: { uri: 'https://mdm.example.com/jwks' } })
    const compiled = createPostureTokens(remote, { ...deps, clock: manualClock(), fetch }, undefined)
    if (!compiled.ok || compiled.value === undefined) throw new Error('not compiled')
    await compiled.value.start()
    expect(asked).toBe(1)
    expect(compiled.value.state()).toMatchObject([{ state: 'loaded', keys: 1 }])
  })

  test('that cannot be fetched leave the token unchecked', async () => {
    const away = { jwks: { uri: 'https://mdm.example.com/jwks' } }
    const down = { ...deps, clock: manualClock(), fetch: () => Promise.reject(new Error('down')) }
    const compiled = createPostureTokens(settings({}, away), down, undefined)
    if (!compiled.ok || compiled.value === undefined) throw new Error('not compiled')
    await compiled.value.start()
    expect(await verdict(minted(), compiled.value)).toBe('identity.keys.unavailable')
  })

  test('are taken over by the configuration that follows', () => {
    const first = verifierOf()
    const second = createPostureTokens(settings({ claims: [] }), deps, first)
    expect(second.ok && [...(second.value?.rings.values() ?? [])]).toEqual([...first.rings.values()])
    const [ring] = first.rings.values()
    expect(second.ok && second.value?.rings.values().next().value).toBe(ring)
  })

  test('that are none are a problem with a position', () => {
    const bad = { jwks: { inline: { keys: [{ kty: 'EC' }] } } }
    const compiled = createPostureTokens(settings({}, bad), deps, undefined)
    expect(compiled).toMatchObject({
      ok: false,
      problems: [{ path: ['context', 'device', 'posture', 'issuers', 0, 'jwks', 'inline', 'keys'] }],
    })
  })
})
