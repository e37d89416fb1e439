import { describe, expect, test } from '@jest/globals'
import { summariseRatios } from './interval.ts'
import { createProgress } from './progress.ts'
import { median, quantile, table } from './stats.ts'

describe('figures', () => {
  test('median and quantiles', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(median([])).toBeNaN()
    const hundred = Array.from({ length: 100 }, (_, i) => 99 - i)
    expect([0.5, 0.99, 1].map((q) => quantile(hundred, q))).toEqual([50, 99, 99])
  })

  test('a ratio and its interval: twice and half are equally far from one', () => {
    const { mean, min, max, low, high } = summariseRatios([2, 0.5])
    expect(mean).toBeCloseTo(1)
    expect([min, max]).toEqual([0.5, 2])
    // s = sqrt(2) ln 2, t with one degree of freedom 12.706: ln high = 12.706 ln 2
    expect(Math.log(high)).toBeCloseTo(12.706 * Math.LN2, 3)
    expect(low).toBeCloseTo(1 / high)
  })

  test('one round has no interval', () => {
    const { mean, low, high } = summariseRatios([0.7])
    expect(mean).toBeCloseTo(0.7)
    expect([low, high]).toEqual([Number.NaN, Number.NaN])
  })

  test('equal rounds have an interval of nothing', () => {
    const { low, high } = summariseRatios([0.7, 0.7, 0.7])
    expect(low).toBeCloseTo(0.7)
    expect(high).toBeCloseTo(0.7)
  })

  test('a table is aligned', () => {
    expect(
      table([
        ['', 'n'],
        ['long name', '12'],
      ]),
    ).toBe('            n\nlong name  12')
  })
})

describe('progress', () => {
  test('tells what is left, stretched by how slow it was so far', () => {
    let nowMs = 0
    const lines: string[] = []
    const say = createProgress(
      100,
      (line) => lines.push(line),
      () => nowMs,
    )
    say('first', 50)
    nowMs = 75_000
    say('second', 50)
    nowMs = 150_000
    say('end', 0)
    expect(lines).toEqual([
      '[0:00, about 1:40 left] first',
      '[1:15, about 1:15 left] second',
      '[2:30, about 0:00 left] end',
    ])
  })
})
