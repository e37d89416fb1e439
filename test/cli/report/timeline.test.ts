import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { totalOf } from '../../../src/cli/report/effects.ts'
import { createTimeline, MOST_BUCKETS } from '../../../src/cli/report/timeline.ts'

const T = Date.UTC(2026, 10, 22, 9)
const over = (times: readonly number[]) => {
  const timeline = createTimeline()
  for (const at of times) timeline.add(at, 'deny', at % 2 === 0)
  return timeline
}

describe('what happened over time', () => {
  test('seconds while they suffice, without gaps', () => {
    const { bucketMs, buckets } = over([T, T + 500, T + 3001]).read()
    expect(bucketMs).toBe(1000)
    expect(buckets.map(({ effects }) => effects.deny)).toEqual([2, 0, 0, 1])
    expect(buckets.map(({ wouldBe }) => wouldBe)).toEqual([2, 0, 0, 0])
    expect(buckets[0]?.fromMs).toBe(T)
  })

  test('nothing is nothing', () => {
    expect(createTimeline().read().buckets).toEqual([])
    expect(createTimeline().span()).toEqual({ fromMs: undefined, toMs: undefined })
  })

  test('in any order and however far apart: no record is lost and the number of spans stays bounded', () => {
    const time = fc.oneof(fc.integer({ min: T, max: T + 1e6 }), fc.integer({ min: -8.64e15, max: 8.64e15 }))
    fc.assert(
      fc.property(fc.array(time, { minLength: 1, maxLength: 300 }), (times) => {
        const { bucketMs, buckets } = over(times).read()
        expect(buckets.length).toBeLessThanOrEqual(MOST_BUCKETS)
        expect(buckets.reduce((sum, { effects }) => sum + totalOf(effects), 0)).toBe(times.length)
        expect(buckets.reduce((sum, { wouldBe }) => sum + wouldBe, 0)).toBe(
          times.filter((at) => at % 2 === 0).length,
        )
        for (const { fromMs, effects } of buckets) {
          const inside = times.filter((at) => at >= fromMs && at < fromMs + bucketMs)
          expect(effects.deny).toBe(inside.length)
        }
      }),
    )
  })
})
