import { describe, expect, test } from '@jest/globals'
import { createHistoryKeys } from '../../src/history/keys.ts'
import { createShown } from '../../src/history/shown.ts'
import type { Facts, Subject } from '../../src/model.ts'
import { credentialOf, factsOf, identified } from '../support/check-of.ts'

const shown = createShown(createHistoryKeys(Buffer.alloc(32, 7)))
const bob = identified(credentialOf({ subject: 'bob' }))
const alice = identified(credentialOf())
type Identified = Extract<Subject, { state: 'identified' }>
const bound: Subject = {
  ...(alice as Identified),
  binding: { state: 'verified', methods: ['dpop'], isRequired: false, isCarried: false },
}
const facts = (change: Partial<Facts> = {}) =>
  factsOf({
    device: { id: 'laptop', isAttested: false },
    network: { country: 'DE', asn: 64500, class: 'unknown', city: undefined },
    client: { kind: 'browser', browser: 'Firefox', os: 'Linux' },
    fingerprint: { tls: 't13d', value: 'v' },
    ...change,
  })

describe('what a check shows', () => {
  test.each<[string, Subject, Facts, string[]]>([
    ['all of it', bound, facts(), ['device', 'network', 'country', 'client', 'tls', 'binding']],
    ['no binding', alice, facts(), ['device', 'network', 'country', 'client', 'tls']],
    ['nothing but who it is', alice, factsOf(), []],
    [
      'a country without a system',
      alice,
      factsOf({ network: { country: 'DE', asn: undefined, class: 'unknown', city: undefined } }),
      ['country'],
    ],
    [
      'a private address is in no network',
      alice,
      factsOf({ network: { country: 'DE', asn: 64500, class: 'private', city: undefined } }),
      [],
    ],
    [
      'a fingerprint without a handshake',
      alice,
      factsOf({ fingerprint: { tls: undefined, value: 'v' } }),
      [],
    ],
    ['nobody', { state: 'anonymous' }, facts(), []],
    ['somebody refused', { state: 'refused', failure: 'identity.token.expired' }, facts(), []],
  ])('%s', (_, subject, f, features) => {
    expect(Object.keys(shown(subject, f))).toEqual(features)
  })

  test.each<[string, Partial<Facts>, string]>([
    ['another device', { device: { id: 'phone', isAttested: false } }, 'device'],
    [
      'another system',
      { network: { country: 'DE', asn: 64501, class: 'unknown', city: undefined } },
      'network',
    ],
    [
      'another country',
      { network: { country: 'FR', asn: 64500, class: 'unknown', city: undefined } },
      'country',
    ],
    ['another browser', { client: { kind: 'browser', browser: 'Chrome', os: 'Linux' } }, 'client'],
    ['another kind', { client: { kind: 'headless', browser: 'Firefox', os: 'Linux' } }, 'client'],
    ['another handshake', { fingerprint: { tls: 't13e', value: 'v' } }, 'tls'],
    ['other languages are no feature', { fingerprint: { tls: 't13d', value: 'w' } }, ''],
  ])('%s changes its own feature alone', (_, change, feature) => {
    const [before, after] = [shown(alice, facts()), shown(alice, facts(change))]
    expect(Object.keys(before).filter((name) => before[name] !== after[name])).toEqual(
      feature === '' ? [] : [feature],
    )
  })

  test('hashes are 8 characters that tell nothing; devices are hashed for each identity', () => {
    const [ofAlice, ofBob] = [shown(alice, facts()), shown(bob, facts())]
    for (const hash of Object.values(ofAlice)) expect(hash).toMatch(/^[A-Za-z0-9_-]{8}$/)
    expect(ofBob['device']).not.toBe(ofAlice['device'])
    expect(ofBob['country']).toBe(ofAlice['country'])
  })

  test('each way of binding is a value of its own', () => {
    const by = (...methods: ('dpop' | 'mtls')[]) =>
      shown({ ...(bound as Identified), binding: { ...(bound as Identified).binding, methods } }, facts())[
        'binding'
      ]
    expect(new Set([by('dpop'), by('mtls'), by('dpop', 'mtls'), by('dpop')]).size).toBe(3)
  })
})
