import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { Past } from '../../../src/model.ts'
import signal from '../../../src/risk/signals/request-rate.ts'
import { checkOf, factsOf, identified, pastOf, profileOf } from '../../support/check-of.ts'

type Rate = { shape: number; minutes: number }

const past = (requestsPerMinute: number | undefined, rate?: Rate): Past =>
  pastOf({
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
    ...(rate === undefined ? {} : { profile: profileOf({ rate }) }),
  })

const evaluate = (p: Past, written: object = {}) =>
  signal.evaluate(
    { check: checkOf(), subject: identified(), facts: factsOf(), past: p },
    signal.settings.parse(written),
  )

const habit = (perMinute: number, minutes: number): Rate => ({ shape: perMinute * minutes, minutes })
const reasonAt = (requests: number, rate?: Rate, written?: object) =>
  evaluate(past(requests, rate), written)[0]?.reason

describe('quiet', () => {
  const table: [string, Past, object?][] = [
    ['not counted', past(undefined)],
    ['not counted, with a habit', past(undefined, habit(5, 100))],
    ['the first request of an unknown identity', past(1)],
    ['an unknown identity that loads a heavy page', past(120)],
    ['an identity at its habit', past(60, habit(60, 500))],
    ['an identity at twice its habit', past(120, habit(60, 500))],
    ['an identity below its habit', past(50, habit(1000, 500))],
    ['a quiet identity that opens one page', past(29, habit(1, 500))],
    ['one learned minute makes no habit', past(100, habit(1, 1))],
    ['a fast machine', past(1500, habit(1000, 500))],
    ['a profile with nothing learned', past(120, habit(0, 0))],
    ['a broken profile', past(120, { shape: -5, minutes: -5 })],
    ['a count that is no number', past(Number.NaN, habit(5, 100))],
    ['a count beyond all numbers', past(Number.POSITIVE_INFINITY, habit(5, 100))],
    ['a profile that is no number', past(100, { shape: Number.NaN, minutes: Number.NaN })],
    ['a raised threshold', past(200), { elevatedSurprise: 5 }],
    ['a raised floor', past(100, habit(2, 500)), { minRequests: 101 }],
    ['a population of machines', past(900), { priorRequestsPerMinute: 600 }],
  ]
  test.each(table.map(([name, p, written = {}]) => [name, p, written] as const))('%s', (_, p, written) => {
    expect(evaluate(p, written)).toEqual([])
  })
})

describe('findings', () => {
  const table: [string, Past, object, string, number, object][] = [
    [
      'cold start, unusual',
      past(200),
      {},
      'elevated',
      4.21,
      { requestsPerMinute: 200, expected: 30, surprise: 3.7 },
    ],
    [
      'cold start, a burst',
      past(400),
      {},
      'burst',
      5,
      { requestsPerMinute: 400, expected: 30, surprise: 7.8 },
    ],
    [
      'beyond a learned habit',
      past(150, habit(30, 100)),
      {},
      'elevated',
      5,
      { requestsPerMinute: 150, expected: 30, surprise: 5.1 },
    ],
    [
      'far beyond it',
      past(300, habit(30, 100)),
      {},
      'burst',
      5,
      { requestsPerMinute: 300, expected: 30, surprise: 12.4 },
    ],
    [
      'lowered thresholds',
      past(100),
      { elevatedSurprise: 1, burstSurprise: 1.5 },
      'burst',
      1.94,
      { requestsPerMinute: 100, expected: 30, surprise: 1.7 },
    ],
  ]
  test.each(table)('%s', (_, p, written, reason, nats, detail) => {
    expect(evaluate(p, written)).toEqual([{ reason, nats: expect.closeTo(nats, 1), detail }])
  })

  test('far out it neither underflows nor takes long', () => {
    expect(evaluate(past(10_000_000, habit(1, 1000)))).toMatchObject([{ reason: 'burst', nats: 5 }])
  })
})

describe('the table of its page', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../src/risk/signals/request-rate.md'), 'utf8')
  const rows = [
    ...page.matchAll(/^\| (never seen before|(\d+) per minute over (\d+) minutes) \| (\d+) \| (\d+) \|$/gm),
  ]
  test('is there', () => expect(rows).toHaveLength(5))

  test.each(rows.map((r) => [r[1], r] as const))('%s', (_, [, , perMinute, minutes, elevated, burst]) => {
    const rate = perMinute === undefined ? undefined : habit(Number(perMinute), Number(minutes))
    expect(reasonAt(Number(elevated) - 1, rate)).toBeUndefined()
    expect(reasonAt(Number(elevated), rate)).toBe('elevated')
    expect(reasonAt(Number(burst) - 1, rate)).toBe('elevated')
    expect(reasonAt(Number(burst), rate)).toBe('burst')
  })
})
