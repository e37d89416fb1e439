import { describe, expect, test } from '@jest/globals'
import type { Facts, Past } from '../../../src/model.ts'
import signal from '../../../src/risk/signals/withheld-fact.ts'
import { checkOf, factsOf, identified, pastOf } from '../../support/check-of.ts'
import { featureOf, knowing } from '../../support/seen.ts'

const evaluate = (past: Past, facts: Partial<Facts> = {}, written: object = {}) =>
  signal.evaluate(
    { check: checkOf(), subject: identified(), facts: factsOf(facts), past },
    signal.settings.parse(written),
  )

const past = (seen: number, device: number, client = 0) =>
  knowing(
    { device: featureOf(device, { d: device }), ...(client === 0 ? {} : { client: featureOf(client, {}) }) },
    {},
    { seen },
  )

describe('quiet', () => {
  test.each<[string, Past, Partial<Facts>]>([
    ['nothing is known', pastOf(), {}],
    ['nothing was ever shown', knowing({}), {}],
    ['shown in 19 of 19 requests', past(19, 19), {}],
    ['shown in 94 of 100', past(100, 94), {}],
    ['shown again', past(100, 100), { device: { id: 'd', isAttested: false } }],
    ['a network that is not known is not withheld', knowing({ network: featureOf(100, {}) }), {}],
  ])('%s', (_, p, facts) => {
    expect(evaluate(p, facts)).toEqual([])
  })
})

describe('findings', () => {
  const device = { reason: 'device', nats: 3, detail: { shown: 20, requests: 20 } }
  test.each<[string, Past, Partial<Facts>, object, object[]]>([
    ['shown in 20 of 20 requests', past(20, 20), {}, {}, [device]],
    ['shown in 95 of 100', past(100, 95), {}, {}, [{ ...device, detail: { shown: 95, requests: 100 } }]],
    ['counting more', past(20, 20), {}, { nats: 5 }, [{ ...device, nats: 5 }]],
    ['two of them', past(20, 20, 20), {}, {}, [device, { ...device, reason: 'client' }]],
    [
      'only the user agent',
      past(20, 20, 20),
      { device: { id: 'd', isAttested: false } },
      {},
      [{ ...device, reason: 'client' }],
    ],
  ])('%s', (_, p, facts, written, expected) => {
    expect(evaluate(p, facts, written)).toEqual(expected)
  })
})
