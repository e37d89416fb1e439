import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { logGamma, logUpperTail } from '../../src/lib/negative-binomial.ts'

describe('ln of the gamma function', () => {
  const table: [number, number][] = [
    [0.1, 2.252712651734206],
    [0.5, 0.5723649429247001],
    [1, 0],
    [2, 0],
    [1.5, -0.12078223763524522],
    [10, 12.801827480081469],
    [171, 706.5730622457874],
    [1e6, 12815504.569147611],
  ]
  test.each(table)('at %s', (x, expected) => {
    expect(logGamma(x) - expected).toBeCloseTo(0, x > 1e5 ? 6 : 11)
  })
})

describe('the upper tail', () => {
  // Reference: the sum of probabilities in decimal arithmetic with 60 digits.
  const table: [k: number, shape: number, exposure: number, ln: number][] = [
    [31, 1.5, 0.05, -0.9568181276070928],
    [100, 1.5, 0.05, -3.8868198359042827],
    [340, 1.5, 0.05, -15.046425729682385],
    [1000, 1.5, 0.05, -46.727546100601316],
    [2, 1, 1, -1.3862943611198906],
    [20, 8, 4, -19.96843285938074],
    [60, 4, 0.8, -27.04856841194385],
    [57, 31.5, 1.05, -6.5116123792505745],
    [5000, 4, 0.004, -12.622114901347636],
    [30000, 4, 0.004, -107.17659683235664],
    [40, 101.5, 50.05, -77.9228405405536],
    [1, 0.5, 2, -1.6955219791146436],
    [3, 0.1, 10, -10.386926405425012],
  ]
  test.each(table)('of %s with shape %s and exposure %s', (k, shape, exposure, ln) => {
    expect(logUpperTail(k, shape, exposure)).toBeCloseTo(ln, 8)
  })

  test('is no surprise at or below the mean', () => {
    expect(logUpperTail(0, 5, 1)).toBe(0)
    expect(logUpperTail(5, 5, 1)).toBe(0)
  })

  const positive = fc.double({ min: 0.01, max: 1000, noNaN: true })
  test('property: falls with k, never above 0, never NaN', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), positive, positive, (k, shape, exposure) => {
        const here = logUpperTail(k, shape, exposure)
        expect(here).toBeLessThanOrEqual(0)
        expect(logUpperTail(k + 1, shape, exposure)).toBeLessThanOrEqual(here + 1e-9)
      }),
    )
  })
})
