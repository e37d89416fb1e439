import { describe, expect, test } from '@jest/globals'
import type { Binding, Past, Subject } from '../../../src/model.ts'
import signal from '../../../src/risk/signals/binding.ts'
import { checkOf, factsOf, identified, pastOf } from '../../support/check-of.ts'
import { featureOf, knowing } from '../../support/seen.ts'

const subjectOf = (change: Partial<Binding>): Subject => {
  const subject = identified() as Extract<Subject, { state: 'identified' }>
  return { ...subject, binding: { ...subject.binding, ...change } }
}
const ABSENT = subjectOf({})
const VERIFIED = subjectOf({ state: 'verified', methods: ['dpop'] })
const past = (seen: number, verified: number) =>
  knowing({ binding: featureOf(verified, { dpop: verified }) }, {}, { seen })

const evaluate = (subject: Subject, p: Past, written: object = {}) =>
  signal.evaluate({ check: checkOf(), subject, facts: factsOf(), past: p }, signal.settings.parse(written))

describe('quiet', () => {
  test.each<[string, Subject, Past]>([
    ['never bound, nothing known', ABSENT, pastOf()],
    ['never bound', ABSENT, knowing({})],
    ['bound in 19 of 19 requests', ABSENT, past(19, 19)],
    ['bound now and then', ABSENT, past(100, 94)],
    ['an issuer that leaves it to the client', subjectOf({ isOptional: true }), past(100, 100)],
    ['nobody', { state: 'anonymous' }, past(100, 100)],
    ['somebody refused', { state: 'refused', failure: 'identity.token.expired' }, past(100, 100)],
  ])('%s', (_, subject, p) => {
    expect(evaluate(subject, p)).toEqual([])
  })
})

describe('findings', () => {
  test.each<[string, Subject, Past, object, object]>([
    [
      'missing',
      ABSENT,
      past(20, 20),
      {},
      { reason: 'missing', nats: 6, detail: { verified: 20, requests: 20 } },
    ],
    ['missing, counting less', ABSENT, past(100, 95), { missingNats: 2 }, { nats: 2, reason: 'missing' }],
    ['verified', VERIFIED, pastOf(), {}, { reason: 'verified', nats: -5 }],
    ['verified as always', VERIFIED, past(100, 100), {}, { reason: 'verified', nats: -5 }],
    ['verified by an edge', subjectOf({ state: 'verified', isCarried: true }), pastOf(), {}, { nats: -5 }],
    ['verified, reassuring less', VERIFIED, pastOf(), { verifiedNats: 1 }, { nats: -1 }],
    [
      'verified for an issuer that leaves it to the client',
      subjectOf({ state: 'verified', isOptional: true }),
      pastOf(),
      {},
      { nats: -5 },
    ],
  ])('%s', (_, subject, p, written, expected) => {
    expect(evaluate(subject, p, written)).toEqual([expect.objectContaining(expected)])
  })
})
