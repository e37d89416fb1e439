import { describe, expect, test } from '@jest/globals'
import type { Facts, Posture } from '../../../src/model.ts'
import signal from '../../../src/risk/signals/unattested-posture.ts'
import { checkOf, factsOf, identified, pastOf } from '../../support/check-of.ts'

const shows = (state: Posture['state'], failure?: Posture['failure']): Partial<Facts> => ({
  device: {
    isAttested: state === 'attested',
    posture: { state, failure, detail: 'never told', issuer: undefined, claims: { managed: true } },
  },
})

const evaluate = (facts: Partial<Facts>, written: object = {}) =>
  signal.evaluate(
    { check: checkOf(), subject: identified(), facts: factsOf(facts), past: pastOf() },
    signal.settings.parse(written),
  )

describe('quiet', () => {
  const table: [string, Partial<Facts>, object][] = [
    ['no posture', {}, {}],
    ['an attested one', shows('attested'), { claimedNats: 4 }],
    ['one that could not be checked', shows('unchecked', 'identity.keys.unavailable'), { claimedNats: 4 }],
    ['a claimed one, as long as nobody asks for more', shows('claimed'), {}],
    ['a refused one that shall not count', shows('refused', 'identity.token.expired'), { refusedNats: 0 }],
  ]
  test.each(table)('%s', (_, facts, written) => {
    expect(evaluate(facts, written)).toEqual([])
  })
})

describe('findings', () => {
  test('a claimed posture where clients have keys', () => {
    expect(evaluate(shows('claimed'), { claimedNats: 1.5 })).toEqual([{ reason: 'claimed', nats: 1.5 }])
  })

  test('a token that does not hold', () => {
    expect(evaluate(shows('refused', 'identity.token.signature'))).toEqual([
      { reason: 'refused', nats: 3, detail: { failure: 'identity.token.signature' } },
    ])
  })
})
