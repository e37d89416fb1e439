import { describe, expect, test } from '@jest/globals'
import { habitOf, isHours, NO_HOURS, withHour } from '../../src/lib/hours.ts'

const learned = (...hours: number[]) => hours.reduce(withHour, NO_HOURS)
const MONDAY = 0
const SATURDAY = 5 * 24
const SUNDAY = 6 * 24

describe('the habit of hours', () => {
  test.each([
    [
      'working days are one',
      [MONDAY + 9, MONDAY + 24 + 9, MONDAY + 96 + 9],
      MONDAY + 48 + 9,
      { total: 3, near: 3 },
    ],
    ['days of the weekend are one', [SATURDAY + 9, SUNDAY + 9], SUNDAY + 9, { total: 2, near: 2 }],
    ['a weekend is no working day', [SATURDAY + 9], MONDAY + 9, { total: 0, near: 0 }],
    ['two hours apart are near', [MONDAY + 9], MONDAY + 11, { total: 1, near: 1 }],
    ['three are not', [MONDAY + 9], MONDAY + 12, { total: 1, near: 0 }],
    ['midnight is no border', [MONDAY + 23], MONDAY + 1, { total: 1, near: 1 }],
    ['nor is it the other way round', [MONDAY], MONDAY + 22, { total: 1, near: 1 }],
  ])('%s', (_, hours, now, expected) => {
    expect(habitOf(learned(...hours), now, 2)).toEqual(expected)
  })

  test('when one hour is full, all halve', () => {
    const many = learned(...Array<number>(63).fill(9), 14, 14, 14)
    expect(habitOf(many, 9, 0)).toEqual({ total: 66, near: 63 })
    expect(habitOf(withHour(many, 9), 9, 0)).toEqual({ total: 33, near: 32 })
  })

  test('is a text of 48 digits', () => {
    expect(learned(9, SUNDAY + 9)).toHaveLength(48)
    expect([learned(9), 'A'.repeat(47), `${'A'.repeat(47)}?`, 48].map(isHours)).toEqual([
      true,
      false,
      false,
      false,
    ])
  })
})
