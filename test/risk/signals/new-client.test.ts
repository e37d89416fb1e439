import { describe, expect, test } from '@jest/globals'
import type { ClientFact, Past } from '../../../src/model.ts'
import signal from '../../../src/risk/signals/new-client.ts'
import { checkOf, factsOf, identified, pastOf } from '../../support/check-of.ts'
import { featureOf, knowing } from '../../support/seen.ts'

const FIREFOX: ClientFact = { kind: 'browser', browser: 'Firefox', os: 'Linux' }
const NONE: ClientFact = { kind: undefined, browser: undefined, os: undefined }
const past = (shown: number, values: Record<string, number>) =>
  knowing({ client: featureOf(shown, values) }, { client: 'new' })

const evaluate = (p: Past, client: ClientFact = FIREFOX, written: object = {}) =>
  signal.evaluate(
    { check: checkOf(), subject: identified(), facts: factsOf({ client }), past: p },
    signal.settings.parse(written),
  )

describe('quiet', () => {
  test.each<[string, Past, ClientFact]>([
    ['nothing is known', pastOf({ shown: { client: 'new' } }), FIREFOX],
    ['no user agent', past(100, { old: 100 }), NONE],
    ['nothing to compare', knowing({ client: featureOf(9, { old: 9 }) }), FIREFOX],
    ['no program was ever shown', knowing({}, { client: 'new' }), FIREFOX],
    ['the only program', past(100, { new: 100 }), FIREFOX],
    ['one of several', past(100, { a: 50, new: 1, b: 49 }), FIREFOX],
  ])('%s', (_, p, client) => {
    expect(evaluate(p, client)).toEqual([])
  })
})

describe('findings', () => {
  test.each([
    [2, {}, Math.log(2)],
    [10, {}, Math.log(6)],
    [1000, {}, 3],
    [10, { beta: 10 }, Math.log(2)],
  ])('unseen after %d requests with %j: %d nats', (shown, written, nats) => {
    expect(evaluate(past(shown, { old: shown }), FIREFOX, written)).toEqual([
      {
        reason: 'unseen',
        nats: expect.closeTo(nats, 6),
        detail: { requests: shown, kind: 'browser', browser: 'Firefox', os: 'Linux' },
      },
    ])
  })

  test('what a program does not tell is not in the detail', () => {
    const tool: ClientFact = { kind: 'tool', browser: undefined, os: undefined }
    expect(evaluate(past(10, { old: 10 }), tool)[0]?.detail).toEqual({ requests: 10, kind: 'tool' })
  })
})
