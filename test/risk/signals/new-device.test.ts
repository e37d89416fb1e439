import { describe, expect, test } from '@jest/globals'
import type { Facts, Past, SeenValue } from '../../../src/model.ts'
import signal from '../../../src/risk/signals/new-device.ts'
import { AT_MS, checkOf, factsOf, identified, pastOf, profileOf } from '../../support/check-of.ts'

const seen = (value: string): SeenValue => ({
  value,
  count: 5,
  firstSeenMs: AT_MS - 1000,
  lastSeenMs: AT_MS - 500,
})
const withDevice: Partial<Facts> = { device: { id: 'd-new', isAttested: false } }
const past = (shown: number, hashes: string[], change: Partial<Past> = {}) =>
  pastOf({
    shown: { device: 'hash-new' },
    profile: profileOf({ features: { device: { shown, values: hashes.map(seen) } } }),
    ...change,
  })

const evaluate = (facts: Partial<Facts>, p: Past, written: object = {}) =>
  signal.evaluate(
    { check: checkOf(), subject: identified(), facts: factsOf(facts), past: p },
    signal.settings.parse(written),
  )

describe('quiet', () => {
  const table: [string, Partial<Facts>, Past][] = [
    ['no device claimed', {}, past(50, ['hash-old'], { shown: {} })],
    ['no device claimed, a stray hash', {}, past(50, ['hash-old'])],
    ['no hash, because the store was not asked', withDevice, past(50, ['hash-old'], { shown: {} })],
    ['no profile', withDevice, pastOf({ shown: { device: 'hash-new' } })],
    [
      'a profile without devices',
      withDevice,
      pastOf({ shown: { device: 'hash-new' }, profile: profileOf() }),
    ],
    ['cold start: a device was never shown', withDevice, past(0, [])],
    ['the only known device', withDevice, past(50, ['hash-new'])],
    ['one of eight known devices', withDevice, past(50, ['1', '2', '3', '4', '5', '6', '7', 'hash-new'])],
  ]
  test.each(table)('%s', (_, facts, p) => {
    expect(evaluate(facts, p)).toEqual([])
  })
})

describe('findings', () => {
  const table: [shown: number, written: object, nats: number][] = [
    [1, {}, Math.log(1.5)],
    [2, {}, Math.log(2)],
    [10, {}, Math.log(6)],
    [100, {}, Math.log(51)],
    [294, {}, 4.997],
    [1_000_000, {}, 5],
    [10, { beta: 10 }, Math.log(2)],
    [10, { beta: 0.1 }, Math.log(101)],
  ]
  test.each(table)('unseen after %s requests with %j: %s nats', (shown, written, nats) => {
    expect(evaluate(withDevice, past(shown, ['hash-old', 'hash-older']), written)).toEqual([
      { reason: 'unseen', nats: expect.closeTo(nats, 3), detail: { requests: shown, devices: 2 } },
    ])
  })

  test('the numbers of its page', () => {
    const at = (shown: number) => evaluate(withDevice, past(shown, ['x']))[0]?.nats
    expect(at(10)).toBeCloseTo(1.8, 1)
    expect(at(100)).toBeCloseTo(3.9, 1)
  })
})
