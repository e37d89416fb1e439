import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { retryAfterSeconds, used, windowAt } from '../../src/history/rate.ts'

describe('a sliding window of two fixed ones', () => {
  test.each([
    [0, 5, 0, 5],
    [10, 5, 0, 15],
    [10, 5, 30_000, 10],
    [10, 0, 59_999, 10 / 60_000],
  ])('previous %d, current %d, %d ms into the minute: %d used', (previous, current, intoMs, expected) => {
    expect(used({ previous, current }, 60_000, 600_000 + intoMs)).toBeCloseTo(expected, 6)
  })

  test('Retry-After is the first whole second at which one more fits', () => {
    const counts = fc.record({ previous: fc.nat(200), current: fc.nat(200) })
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 100 }), fc.nat(59_999), (c, max, intoMs) => {
        const atMs = 6_000_000 + intoMs
        const fits = (seconds: number) => {
          const laterMs = atMs + seconds * 1000
          const passed = windowAt(laterMs, 60_000) - windowAt(atMs, 60_000)
          const then =
            passed === 0
              ? c
              : passed === 1
                ? { previous: c.current, current: 0 }
                : { previous: 0, current: 0 }
          return used(then, 60_000, laterMs) + 1 <= max
        }
        const seconds = retryAfterSeconds(c, max, 60_000, atMs)
        expect(seconds).toBeGreaterThanOrEqual(1)
        expect(fits(seconds)).toBe(true)
        if (seconds > 1) expect(fits(seconds - 1)).toBe(false)
      }),
    )
  })
})
