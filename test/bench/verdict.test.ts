import { describe, expect, test } from '@jest/globals'
import { isWithinLateness, judgeMost, judgeRatio } from './verdict.ts'

const summary = (low: number, mean: number, high: number) => ({ mean, low, high, min: low, max: high })
const verdictOf = (line: Parameters<typeof judgeRatio>[1], ...figures: [number, number, number]) => {
  const { verdict, by } = judgeRatio('x', line, summary(...figures))
  return [verdict, by]
}

describe('a ratio and its line', () => {
  test.each([
    ['the whole interval is on the right side', { least: 0.85 }, [0.86, 0.9, 0.95], ['met', undefined]],
    ['it begins on the line', { least: 0.85 }, [0.85, 0.9, 0.95], ['met', undefined]],
    ['it holds the line, the mean is above', { least: 0.85 }, [0.8, 0.9, 0.95], ['in doubt', undefined]],
    ['it holds the line, the mean is below', { least: 0.85 }, [0.7, 0.8, 0.9], ['in doubt', undefined]],
    ['all of it is below', { least: 0.8 }, [0.5, 0.6, 0.7], ['NOT MET', '25 %']],
    ['at most: all of it is below', { most: 1.3 }, [1, 1.1, 1.2], ['met', undefined]],
    ['at most: it holds the line', { most: 1.3 }, [1.2, 1.3, 1.4], ['in doubt', undefined]],
    ['at most: all of it is above', { most: 1 }, [1.4, 1.5, 1.6], ['NOT MET', '50 %']],
  ] as const)('%s', (_, line, figures, verdict) => {
    expect(verdictOf(line, ...(figures as unknown as [number, number, number]))).toEqual(verdict)
  })

  test('one round has no interval and settles nothing, however far it is from the line', () => {
    expect(verdictOf({ least: 0.85 }, Number.NaN, 9, Number.NaN)).toEqual(['in doubt', undefined])
    expect(verdictOf({ most: 0.85 }, Number.NaN, 9, Number.NaN)).toEqual(['in doubt', undefined])
  })

  test('a busy machine settles nothing', () => {
    const goal = judgeRatio('x', { least: 0.85 }, summary(0.1, 0.2, 0.3), true)
    expect(goal).toMatchObject({ verdict: 'in doubt', measured: '0.20 [0.10, 0.30]' })
  })

  test('without a figure it is not measured', () => {
    expect(judgeRatio('x', { least: 0.85 }, undefined)).toEqual({
      name: 'x',
      goal: '>= 0.85',
      measured: '-',
      verdict: 'not measured',
    })
  })
})

test.each([
  ['below the line, the near end of the interval counts', [0.4, 0.5, 0.8], 250, true], // 1,000 us against 1,250
  ['it was late by less', [0.4, 0.5, 0.8], 249, false],
  ['above the line', [1.25, 2, 4], 200, true], // 1,000 us against 800
  ['it was late by less', [1.25, 2, 4], 199, false],
  ['the interval ends on the line', [0.4, 0.5, 1], 0, true],
] as const)('lateness of the driver: %s', (_, [low, mean, high], lateUs, isWithin) => {
  expect(isWithinLateness({ most: 1 }, summary(low, mean, high), { us: 1000, lateUs })).toBe(isWithin)
})

test('a figure without an interval', () => {
  expect(judgeMost('x', { most: 120, unit: 'MB' }, 120)).toMatchObject({ goal: '<= 120 MB', verdict: 'met' })
  expect(judgeMost('x', { most: 1500, unit: 'ms' }, 1800)).toEqual({
    name: 'x',
    goal: '<= 1,500 ms',
    measured: '1,800 ms',
    verdict: 'NOT MET',
    by: '20 %',
  })
  expect(judgeMost('x', { most: 120, unit: 'MB' }, undefined).verdict).toBe('not measured')
  expect(judgeMost('x', { most: 120, unit: 'MB' }, 121, true).verdict).toBe('in doubt')
})
