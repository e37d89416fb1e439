import { describe, expect, test } from '@jest/globals'
import { NO_HOURS, withHour } from '../../../src/lib/hours.ts'
import type { Past } from '../../../src/model.ts'
import signal from '../../../src/risk/signals/unusual-time.ts'
import { checkOf, factsOf, identified, pastOf } from '../../support/check-of.ts'
import { knowing } from '../../support/seen.ts'

const MONDAY = 0
const SATURDAY = 5 * 24
/** Active at these hours of the week, each `times` times. */
const active = (times: number, ...hours: number[]) => {
  const all = hours.flatMap((hour) => Array<number>(times).fill(hour))
  return knowing({}, {}, { hours: { counts: all.reduce(withHour, NO_HOURS), lastHour: 0 } })
}

const evaluate = (past: Past, hourOfWeek: number, written: object = {}) =>
  signal.evaluate(
    { check: checkOf(), subject: identified(), facts: factsOf({ time: { hourOfWeek } }), past },
    signal.settings.parse(written),
  )

describe('quiet', () => {
  test.each<[string, Past, number]>([
    ['nothing is known', pastOf(), 3],
    ['no hours are known', knowing({}), 3],
    ['the usual hour', active(20, MONDAY + 9), MONDAY + 9],
    ['near the usual hour', active(20, MONDAY + 9), MONDAY + 11],
    ['the usual hour of another working day', active(20, MONDAY + 9), MONDAY + 3 * 24 + 9],
    ['a habit of a few hours only', active(1, MONDAY + 9, MONDAY + 10, MONDAY + 11), MONDAY + 3],
    ['all hours alike', active(5, ...Array.from({ length: 24 }, (_, hour) => hour)), MONDAY + 3],
    ['a weekend of which nothing is known', active(40, MONDAY + 9), SATURDAY + 3],
    ['an hour that is none', active(40, MONDAY + 9), Number.NaN],
    ['counts that are none', knowing({}, {}, { hours: { counts: 'x', lastHour: 0 } }), 3],
  ])('%s', (_, past, hour) => {
    expect(evaluate(past, hour)).toEqual([])
  })
})

describe('findings', () => {
  test.each([
    [10, {}, Math.log(1.5)],
    [20, {}, Math.log(2)],
    [35, {}, 1],
    [60, {}, 1],
    [20, { beta: 40 }, Math.log(1.5)],
  ])('never at this time in %d active hours with %j: %d nats', (hours, written, nats) => {
    expect(evaluate(active(hours, MONDAY + 9), MONDAY + 3, written)).toEqual([
      {
        reason: 'hour',
        nats: expect.closeTo(nats, 6),
        detail: { hour: 3, activeHours: hours, activeNear: 0 },
      },
    ])
  })

  test('seldom is less than never', () => {
    const past = active(2, ...Array<number>(20).fill(MONDAY + 9), MONDAY + 3)
    const [finding] = evaluate(past, MONDAY + 3)
    expect(finding?.detail).toEqual({ hour: 3, activeHours: 42, activeNear: 2 })
    expect(finding?.nats).toBeCloseTo(Math.log(((5 / 24) * 62) / (2 + (5 / 24) * 20)), 6)
  })
})
