import { describe, expect, test } from '@jest/globals'
import { noEffects } from '../../../../src/cli/report/effects.ts'
import { niceTop, stackedBar, timelineChart } from '../../../../src/cli/report/html/charts.ts'

test.each([
  [1, 1],
  [2, 2],
  [7, 8],
  [9, 10],
  [11, 20],
  [290, 300],
  [4999, 5000],
  [5001, 6000],
])('an axis for %d ends at %d', (highest, top) => {
  expect(niceTop(highest)).toBe(top)
})

describe('bars over time', () => {
  const bucket = (deny: number, wouldBe = 0) => ({
    from: '2026-11-22T09:00:00.000Z',
    effects: { ...noEffects(), deny },
    wouldBe,
  })
  const heights = (markup: string) =>
    [...markup.matchAll(/height="([\d.]+)"\/>/g)].map((match) => Number(match[1]))

  test('are as high as their counts, stacked, and told in a tooltip', () => {
    const { markup } = timelineChart(
      { bucketSeconds: 1, buckets: [bucket(2, 2), bucket(4)] },
      ['deny', 'would'],
      'x',
    )
    expect(heights(markup)).toEqual([85, 85, 170])
    expect(markup).toContain(
      '<title>2026-11-22 09:00:00 UTC&#10;deny: 2&#10;would have been refused: 2&#10;</title>',
    )
  })

  test('the axis has whole numbers only', () => {
    const { markup } = timelineChart({ bucketSeconds: 1, buckets: [bucket(3)] }, ['deny'], 'x')
    expect([...markup.matchAll(/text-anchor="end">([^<]+)</g)].map((match) => match[1])).toEqual([
      '0',
      '1',
      '2',
      '3',
    ])
  })

  test('of nothing are nothing', () => {
    expect(timelineChart({ bucketSeconds: 1, buckets: [] }, ['deny'], 'x').markup).toBe('')
    expect(timelineChart({ bucketSeconds: 1, buckets: [bucket(0)] }, ['deny'], 'x').markup).toBe('')
  })
})

test('a bar in a table is as long as its part of the longest one, and what is there can be seen', () => {
  const { markup } = stackedBar({ ...noEffects(), deny: 50, throttle: 1 }, ['throttle', 'deny'], 1000)
  expect(
    [...markup.matchAll(/x="([\d.]+)" y="0" width="([\d.]+)"/g)].map(([, x, width]) => [x, width]),
  ).toEqual([
    ['0.00', '0.40'],
    ['0.40', '5.00'],
  ])
})
