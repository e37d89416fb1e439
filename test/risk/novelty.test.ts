import { describe, expect, test } from '@jest/globals'
import { noveltyOf, unseenIn, unseenNats } from '../../src/risk/novelty.ts'
import { pastOf } from '../support/check-of.ts'

const seen = (value: string) => ({ value, count: 1, firstSeenMs: 0, lastSeenMs: 0 })
const profileOf = (shown: number, ...values: string[]) => ({
  firstSeenMs: 0,
  lastSeenMs: 0,
  seen: 9,
  features: { device: { shown, values: values.map(seen) } },
  rate: { shape: 1, minutes: 1 },
})
const shows = (device: string) => ({ device })

describe('what a check shows of a feature', () => {
  test.each([
    ['is known', { shown: shows('a'), profile: profileOf(5, 'b', 'a') }, 'known'],
    ['is new', { shown: shows('c'), profile: profileOf(5, 'b', 'a') }, 'new'],
    ['is nothing', { shown: {}, profile: profileOf(5, 'a') }, 'untold'],
    ['has no profile to compare it with', { shown: shows('a') }, 'untold'],
    ['was never shown before', { shown: shows('a'), profile: profileOf(0, 'b') }, 'untold'],
    ['was shown before, and no value is known', { shown: shows('a'), profile: profileOf(5) }, 'untold'],
    ['has counts that are none', { shown: shows('a'), profile: profileOf(Number.NaN, 'b') }, 'untold'],
  ])('%s', (_, parts, expected) => {
    const past = pastOf(parts)
    expect(noveltyOf(past, 'device')).toBe(expected)
    expect(unseenIn(past, 'device')?.shown).toBe(expected === 'new' ? 5 : undefined)
    expect(noveltyOf(past, 'country')).toBe('untold')
  })
})

test('a new value says more the more is known, and nothing where nothing is', () => {
  expect(unseenNats(0, 2)).toBe(0)
  expect(unseenNats(2, 2)).toBeCloseTo(Math.LN2)
  expect(unseenNats(14, 2)).toBeCloseTo(Math.log(8))
})
