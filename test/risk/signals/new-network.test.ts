import { describe, expect, test } from '@jest/globals'
import type { NetworkFact, Past, Subject } from '../../../src/model.ts'
import signal from '../../../src/risk/signals/new-network.ts'
import { checkOf, credentialOf, factsOf, identified, pastOf } from '../../support/check-of.ts'
import { featureOf, knowing } from '../../support/seen.ts'

const HERE: NetworkFact = { country: 'DE', asn: 64500, class: 'unknown', city: undefined }
const user = identified()

const evaluate = (past: Past, network: NetworkFact = HERE, subject: Subject = user, written: object = {}) =>
  signal.evaluate(
    { check: checkOf(), subject, facts: factsOf({ network }), past },
    signal.settings.parse(written),
  )

/** `n` requests from `old` in `home`; now from these. */
const past = (n: number, shown: Past['shown'], countries: Record<string, number> = { home: n }) =>
  knowing({ network: featureOf(n, { old: n }), country: featureOf(n, countries) }, shown)

describe('quiet', () => {
  test.each<[string, Past]>([
    ['nothing is known', pastOf({ shown: { network: 'new', country: 'new' } })],
    ['nothing is told', past(100, {})],
    ['a known system', past(100, { network: 'old', country: 'home' })],
    ['a known system, whatever its country is said to be', past(100, { network: 'old', country: 'new' })],
    ['a known country of an unknown system', past(100, { country: 'home' })],
    ['no network was ever shown', knowing({}, { network: 'new', country: 'new' })],
    ['shown, but never learned', knowing({ network: featureOf(5, {}) }, { network: 'new' })],
  ])('%s', (_, p) => {
    expect(evaluate(p)).toEqual([])
  })
})

describe('findings', () => {
  const abroad = { network: 'new', country: 'new' }
  const roaming = { network: 'new', country: 'home' }
  test.each<[string, Past, string, number]>([
    ['a new country after 10 requests', past(10, abroad), 'country', Math.log(6)],
    ['after 100', past(100, abroad), 'country', Math.log(51)],
    ['after 1000: the cap', past(1000, abroad), 'country', 4],
    ['a new system at home after 10', past(10, roaming), 'system', -Math.log(0.7 / 6 + 0.3)],
    ['after 100', past(100, roaming), 'system', -Math.log(0.7 / 51 + 0.3)],
    ['after 1000', past(1000, roaming), 'system', -Math.log(1.4 / 1002 + 0.3)],
    [
      'a new system in a country of one request in ten',
      past(100, { network: 'new', country: 'away' }, { home: 90, away: 10 }),
      'system',
      -Math.log(0.7 / 51 + 0.03),
    ],
    ['a new system of no country', past(100, { network: 'new' }), 'system', -Math.log(0.7 / 51 + 0.3)],
    ['a new country of no system', past(100, { country: 'new' }), 'country', Math.log(51)],
  ])('%s', (_, p, reason, nats) => {
    expect(evaluate(p)).toEqual([
      {
        reason,
        nats: expect.closeTo(nats, 6),
        detail: expect.objectContaining({ asn: 64500, country: 'DE' }),
      },
    ])
  })

  test('beta says how soon a network is a habit', () => {
    expect(evaluate(past(10, abroad), HERE, user, { beta: 10 })[0]?.nats).toBeCloseTo(Math.log(2), 6)
  })

  test('what is not known of the network is not told', () => {
    const nowhere: NetworkFact = { country: undefined, asn: undefined, class: 'unknown', city: undefined }
    expect(evaluate(past(10, abroad), nowhere)[0]?.detail).toEqual({ requests: 10 })
  })

  test('the numbers of its page', () => {
    const at = (n: number, shown: Past['shown']) => evaluate(past(n, shown))[0]?.nats ?? 0
    expect([10, 100, 1000].map((n) => at(n, abroad).toFixed(1))).toEqual(['1.8', '3.9', '4.0'])
    expect([10, 100, 1000].map((n) => at(n, roaming).toFixed(1))).toEqual(['0.9', '1.2', '1.2'])
  })
})

describe('hosters', () => {
  const hosting: NetworkFact = { ...HERE, class: 'hosting' }
  const reasons = (network: NetworkFact, subject: Subject = user) =>
    evaluate(past(100, { network: 'new', country: 'home' }), network, subject).map(({ reason }) => reason)

  test.each<[string, NetworkFact, Subject, string[]]>([
    ['a user from a hoster', hosting, user, ['system', 'hosting']],
    ['a user from a VPN', { ...HERE, class: 'vpn' }, user, ['system', 'hosting']],
    ['a user from a relay', { ...HERE, class: 'relay' }, user, ['system']],
    ['a user from a phone', { ...HERE, class: 'mobile' }, user, ['system']],
    ['a machine from a hoster', hosting, identified(credentialOf({ kind: 'machine' })), ['system']],
  ])('%s', (_, network, subject, expected) => {
    expect(reasons(network, subject)).toEqual(expected)
  })

  test('adds what is set', () => {
    const p = past(100, { network: 'new', country: 'home' })
    expect(evaluate(p, hosting)[1]).toEqual({ reason: 'hosting', nats: 2, detail: { class: 'hosting' } })
    expect(evaluate(p, hosting, user, { hostingNats: 0.5 })[1]?.nats).toBe(0.5)
  })

  test('a hoster that is known is silent', () => {
    expect(evaluate(past(100, { network: 'old', country: 'home' }), hosting)).toEqual([])
  })
})
