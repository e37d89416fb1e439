import { describe, expect, test } from '@jest/globals'
import type { Past } from '../../../src/model.ts'
import signal from '../../../src/risk/signals/new-tls.ts'
import { checkOf, factsOf, identified, pastOf } from '../../support/check-of.ts'
import { featureOf, knowing } from '../../support/seen.ts'

const evaluate = (past: Past, written: object = {}) =>
  signal.evaluate(
    { check: checkOf(), subject: identified(), facts: factsOf(), past },
    signal.settings.parse(written),
  )
const past = (shown: number, values: Record<string, number>) =>
  knowing({ tls: featureOf(shown, values) }, { tls: 'new' })

describe('quiet', () => {
  test.each<[string, Past]>([
    ['nothing is known', pastOf({ shown: { tls: 'new' } })],
    ['none was ever told', knowing({}, { tls: 'new' })],
    ['none is told now', knowing({ tls: featureOf(100, { old: 100 }) })],
    ['none was ever learned', past(5, {})],
    ['the usual one', past(100, { new: 100 })],
    ['one of several', past(100, { old: 99, new: 1 })],
  ])('%s', (_, p) => {
    expect(evaluate(p)).toEqual([])
  })
})

describe('findings', () => {
  test.each([
    [10, {}, Math.log(6) / 2],
    [1000, {}, 2],
    [10, { beta: 10 }, Math.log(2) / 2],
  ])('unseen after %d requests with %j: %d nats', (shown, written, nats) => {
    expect(evaluate(past(shown, { old: shown }), written)).toEqual([
      { reason: 'unseen', nats: expect.closeTo(nats, 6), detail: { requests: shown, handshakes: 1 } },
    ])
  })
})
