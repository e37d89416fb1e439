import { describe, expect, test } from '@jest/globals'
import type { PostureResult, PostureVerifier } from '../../src/context/contract.ts'
import { postureOf } from '../../src/context/facts/posture.ts'
import type { BindingMethod, Credential, Subject } from '../../src/model.ts'
import { checkOf, credentialOf, identified } from '../support/check-of.ts'

const MINE = 'thumbprint-of-my-key'
const OTHER = 'thumbprint-of-another-key'

const tokens = (result: PostureResult): PostureVerifier => ({ verify: () => result })
const good = (confirmation: Credential['confirmation'], device = 'laptop-7'): PostureResult => ({
  ok: true,
  value: { issuer: 'https://mdm.example.com', device, confirmation, claims: { managed: true } },
})

/** @param methods how the binding was proved; none: a plain bearer token */
function bound(methods: readonly BindingMethod[], change: Partial<Credential>): Subject {
  const state = methods.length === 0 ? 'absent' : 'verified'
  const binding = { state, methods, isRequired: false, isCarried: false } as const
  return { ...identified(credentialOf(change)), binding } as Subject
}

const withHeader = (...values: string[]) => checkOf({ headers: new Map([['x-device-posture', values]]) })

const shownBy = (subject: Subject, result: PostureResult, ...values: string[]) =>
  postureOf(withHeader(...(values.length === 0 ? ['token'] : values)), subject, {
    header: 'x-device-posture',
    tokens: tokens(result),
  })

describe('whose posture is it', () => {
  const table: [string, Subject, PostureResult, 'attested' | 'claimed'][] = [
    [
      'the key of the proof',
      bound(['dpop'], { confirmation: { jkt: MINE } }),
      good({ jkt: MINE }),
      'attested',
    ],
    ['the certificate', bound(['mtls'], { confirmation: { x5t: MINE } }), good({ x5t: MINE }), 'attested'],
    [
      'the device of a bound token',
      bound(['dpop'], { confirmation: { jkt: MINE }, device: 'laptop-7' }),
      good({}),
      'attested',
    ],
    ['another key', bound(['dpop'], { confirmation: { jkt: MINE } }), good({ jkt: OTHER }), 'claimed'],
    [
      'another certificate',
      bound(['mtls'], { confirmation: { x5t: MINE } }),
      good({ x5t: OTHER }),
      'claimed',
    ],
    [
      'the certificate of a token that was proved by a key',
      bound(['dpop'], { confirmation: { jkt: OTHER, x5t: MINE } }),
      good({ x5t: MINE }),
      'claimed',
    ],
    [
      'the key of a token that was proved by a certificate',
      bound(['mtls'], { confirmation: { jkt: MINE, x5t: OTHER } }),
      good({ jkt: MINE }),
      'claimed',
    ],
    [
      'another device of a bound token',
      bound(['dpop'], { confirmation: { jkt: MINE }, device: 'laptop-8' }),
      good({}),
      'claimed',
    ],
    ['a plain bearer with the device', bound([], { device: 'laptop-7' }), good({}), 'claimed'],
    [
      'a plain bearer with the key',
      bound([], { confirmation: { jkt: MINE } }),
      good({ jkt: MINE }),
      'claimed',
    ],
    [
      'a bound token and no key in the posture',
      bound(['dpop'], { confirmation: { jkt: MINE } }),
      good({}),
      'claimed',
    ],
    ['nobody', { state: 'anonymous' }, good({ jkt: MINE }), 'claimed'],
    [
      'a refused credential',
      { state: 'refused', failure: 'identity.token.expired' },
      good({ jkt: MINE }),
      'claimed',
    ],
  ]
  test.each(table)('%s', (_, subject, result, state) => {
    expect(shownBy(subject, result)).toMatchObject({
      posture: { state, issuer: 'https://mdm.example.com', claims: { managed: true } },
      device: 'laptop-7',
    })
  })
})

describe('what is not good', () => {
  const refused = (failure: 'identity.token.expired' | 'identity.keys.unavailable'): PostureResult => ({
    ok: false,
    failure,
    detail: 'why',
  })

  test('is told, and tells nothing of the device', () => {
    expect(shownBy(identified(), refused('identity.token.expired'))).toMatchObject({
      posture: { state: 'refused', failure: 'identity.token.expired', detail: 'why', claims: {} },
      device: undefined,
    })
  })

  test('without keys nobody is blamed', () => {
    expect(shownBy(identified(), refused('identity.keys.unavailable'))).toMatchObject({
      posture: { state: 'unchecked', claims: {} },
    })
  })
})

describe('the header', () => {
  test('twice, or joined by a comma, can be read in two ways', () => {
    const twice = { posture: undefined, fault: 'appears more than once' }
    expect(shownBy(identified(), good({}), 'a', 'b')).toMatchObject(twice)
    expect(shownBy(identified(), good({}), 'a,b')).toMatchObject(twice)
  })

  test('that is empty or missing is a missing fact', () => {
    const none = { posture: undefined, device: undefined, fault: undefined }
    expect(shownBy(identified(), good({}), ' ')).toEqual(none)
    expect(
      postureOf(checkOf(), identified(), { header: 'x-device-posture', tokens: tokens(good({})) }),
    ).toEqual(none)
    expect(postureOf(withHeader('token'), identified(), undefined)).toEqual(none)
  })
})
