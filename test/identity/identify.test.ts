import { Buffer } from 'node:buffer'
import { describe, expect, test } from '@jest/globals'
import { FAILURES } from '../../src/errors.ts'
import { compileIdentity, equip } from '../../src/identity/index.ts'
import { AT_MS, makeCheck } from '../harness/requests.ts'
import {
  ALLOW,
  type Case,
  CERTIFICATE,
  config,
  DENY,
  decided,
  edge,
  freshNonce,
  identified,
  known,
  nonces,
  signer,
  slowConfig,
  subjectOf,
  verdict,
  withProof,
} from './identifying.ts'

describe('one credential, one subject', () => {
  test('BR-01 nothing shown is anonymous', async () => expect(await verdict({})).toBe('anonymous'))

  test.each([
    ['Bearer bad', 'identity.token.signature'],
    ['Basic eA==', 'identity.credential.unsupported'],
    ['Bearer plain,Bearer plain', 'identity.credential.multiple'],
    ['Bearer', 'identity.credential.malformed'],
  ])('a refused credential never becomes another subject: %s', async (authorization, failure) => {
    expect(await verdict({ authorization, certificate: CERTIFICATE, principal: 'spiffe://a' })).toBe(failure)
  })

  test('BR-05 a token in the query', async () => {
    const c = { authorization: 'Bearer plain', check: { hasQueryToken: true } }
    expect(await verdict(c)).toBe('identity.credential.in-query')
  })

  test('what is repeated is an invalid request, a foreign scheme a plain challenge', () => {
    expect(FAILURES['identity.credential.multiple'].problem).toBe('invalid-request')
    expect(FAILURES['identity.dpop.multiple'].problem).toBe('invalid-request')
    expect(FAILURES['identity.credential.unsupported'].problem).toBe('authentication-required')
  })

  test('the subject is the verified credential itself, so caches may hang on it', async () => {
    const subject = await identified({ authorization: 'Bearer plain' })
    expect(subject.credential).toBe(known.get('plain')?.credential)
    expect(subject).toMatchObject({ scheme: 'Bearer', uses: [], isCounted: false })
  })

  test('nothing is awaited when the token is cached; a promise gives the same', async () => {
    expect(subjectOf({ authorization: 'Bearer plain' })).not.toBeInstanceOf(Promise)
    const later = subjectOf({ ...withProof('dpop'), config: slowConfig })
    expect(later).toBeInstanceOf(Promise)
    expect(await later).toMatchObject({ state: 'identified', binding: { methods: ['dpop'] } })
  })

  test('BR-07 a refusal names the scheme, and of the credential only what was claimed wrongly', async () => {
    const subject = await subjectOf(withProof('dpop', { htm: 'POST' }))
    expect(subject).toEqual({
      state: 'refused',
      failure: 'identity.dpop.method',
      scheme: 'DPoP',
      detail: 'htm claims "POST"; the request is "GET"',
    })
  })
})

describe('how a token may be shown', () => {
  test.each<[string, () => Case, string]>([
    ['unbound token as Bearer', () => ({ authorization: 'Bearer plain' }), 'identified'],
    ['unbound, optional', () => ({ authorization: 'Bearer plain-optional' }), 'identified'],
    ['unbound, required', () => ({ authorization: 'Bearer plain-required' }), 'identity.binding.absent'],
    ['unbound with a stray proof', () => ({ authorization: 'Bearer plain', dpop: 'x' }), 'identified'],
    ['DPOP-14 bound token as Bearer', () => ({ authorization: 'Bearer dpop' }), 'identity.dpop.bearer'],
    [
      'DPOP-14 bound token as Bearer, with its proof',
      () => ({ ...withProof('dpop'), authorization: 'Bearer dpop' }),
      'identity.dpop.bearer',
    ],
    [
      'DPOP-14 even where optional',
      () => ({ authorization: 'Bearer dpop-optional' }),
      'identity.dpop.bearer',
    ],
    ['DPOP-14 unbound token as DPoP', () => withProof('plain'), 'identity.dpop.unbound-token'],
    [
      'DPOP-14 certificate-bound token as DPoP',
      () => ({ ...withProof('mtls'), certificate: CERTIFICATE }),
      'identity.dpop.unbound-token',
    ],
    ['bound token without proof', () => ({ authorization: 'DPoP dpop' }), 'identity.dpop.missing'],
    ['when-present', () => withProof('dpop'), 'identified dpop'],
    ['required', () => withProof('dpop-required'), 'identified dpop'],
    ['optional', () => withProof('dpop-optional'), 'identified dpop'],
    ['optional is not lax', () => withProof('dpop-optional', { ath: 'x' }), 'identity.dpop.token-hash'],
    [
      'DPOP-12 proof for another token',
      () => ({ ...withProof('dpop'), authorization: 'DPoP dpop-required' }),
      'identity.dpop.token-hash',
    ],
  ])('%s', async (_, c, expected) => expect(await verdict(c())).toBe(expected))

  test.each<[string, () => Case, string]>([
    [
      'MTLS-01 its certificate',
      () => ({ authorization: 'Bearer mtls', certificate: CERTIFICATE }),
      'identified mtls',
    ],
    [
      'MTLS-02 another',
      () => ({ authorization: 'Bearer mtls', certificate: Buffer.of(1) }),
      'identity.mtls.mismatch',
    ],
    ['MTLS-04 none', () => ({ authorization: 'Bearer mtls' }), 'identity.mtls.missing'],
    ['MTLS-05 both', () => ({ ...withProof('both'), certificate: CERTIFICATE }), 'identified dpop+mtls'],
    ['MTLS-05 only the proof', () => withProof('both'), 'identity.mtls.missing'],
    [
      'MTLS-05 only the certificate',
      () => ({ authorization: 'DPoP both', certificate: CERTIFICATE }),
      'identity.dpop.missing',
    ],
  ])('%s', async (_, c, expected) => expect(await verdict(c())).toBe(expected))

  test.each([
    ['unverified', false, 'identity.mtls.untrusted-caller'],
    ['unverified', true, 'identified mtls'],
    ['local', false, 'identified mtls'],
    ['verified', false, 'identified mtls'],
  ] as const)('certificates told by a caller that is %s (acknowledged: %s)', async (state, flag, expected) => {
    const c: Case = {
      authorization: 'Bearer mtls',
      certificate: CERTIFICATE,
      check: { caller: { state, sans: [] } },
      config: compileIdentity(config, { unverifiedCaller: flag }),
    }
    expect(await verdict(c)).toBe(expected)
  })

  test('the binding says what was proved', async () => {
    expect((await identified(withProof('dpop-required'))).binding).toEqual({
      state: 'verified',
      methods: ['dpop'],
      isRequired: true,
      isCarried: false,
    })
    expect((await identified({ authorization: 'Bearer plain' })).binding).toEqual({
      state: 'absent',
      methods: [],
      isRequired: false,
      isCarried: false,
    })
  })

  test.each([
    ['plain', undefined],
    ['plain-optional', true],
  ])('a missing binding of %s is left to the client: %s', async (token, isOptional) => {
    expect((await identified({ authorization: `Bearer ${token}` })).binding.isOptional).toBe(isOptional)
  })
})

describe('nonces', () => {
  test.each([
    ['without', undefined, 'identity.dpop.nonce-required'],
    ['with a bad one', 'nonce', 'identity.dpop.nonce-invalid'],
  ])('DPOP-10 a proof %s brings a fresh one that works', async (_, nonce, failure) => {
    const subject = await subjectOf(withProof('dpop-nonce', { nonce }))
    if (subject.state !== 'refused') throw new Error('not refused')
    expect(subject.failure).toBe(failure)
    expect(await verdict(withProof('dpop-nonce', { nonce: subject.nextNonce }))).toBe('identified dpop')
  })

  test('other refusals bring none', async () => {
    expect(await subjectOf(withProof('dpop-nonce', { htm: 'POST' }))).not.toHaveProperty('nextNonce')
    expect(await subjectOf({ authorization: 'DPoP bad', dpop: 'x' })).not.toHaveProperty('nextNonce')
  })

  test.each([
    ['dpop-nonce', 150_000, false],
    ['dpop-nonce', 150_001, true],
    ['dpop', 200_000, false],
  ])('DPOP-17 the next nonce rides on a success: %s, aged %d ms: %s', async (token, ageMs, isSent) => {
    const nonce = nonces.issue(signer.jkt, AT_MS - ageMs)
    const { nextNonce } = await identified(withProof(token, { nonce }))
    expect(nextNonce !== undefined).toBe(isSent)
    if (nextNonce !== undefined) expect(nonces.age(nextNonce, signer.jkt, AT_MS)).toBe(0)
  })

  test('a good proof can be asked to come again with a nonce', async () => {
    const nonce = freshNonce(await subjectOf(withProof('dpop')), makeCheck(), config) ?? ''
    expect(nonces.age(nonce, signer.jkt, AT_MS)).toBe(0)
    expect(
      freshNonce(await subjectOf({ authorization: 'Bearer plain' }), makeCheck(), config),
    ).toBeUndefined()
    expect(freshNonce({ state: 'anonymous' }, makeCheck(), config)).toBeUndefined()
  })

  test('another refusal of a good proof brings no nonce', async () => {
    const subject = await identified(withProof('dpop'))
    const throttled = { ...decided, effect: 'throttle', retryAfterSeconds: 1 } as const
    for (const decision of [DENY, ALLOW, throttled])
      expect(equip(subject, decision, makeCheck(), edge, config).subject).toHaveProperty(
        'nextNonce',
        undefined,
      )
  })
})
