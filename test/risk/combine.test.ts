import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { combine, levelOf, logit, sigmoid } from '../../src/risk/combine.ts'

const finding = (nats: number) => ({ signal: 's', reason: 'risk.s.r', nats, detail: {} })

describe('log-odds', () => {
  test.each([0.000001, 0.01, 0.05, 0.5, 0.95, 0.999999])('%s and back', (p) => {
    expect(sigmoid(logit(p))).toBeCloseTo(p, 12)
  })

  test.each([
    [-800, 0],
    [-10_000, 0],
    [0, 0.5],
    [800, 1],
    [10_000, 1],
  ])('sigmoid of %s does not overflow', (nats, p) => {
    expect(sigmoid(nats)).toBeCloseTo(p, 12)
  })
})

describe('levels', () => {
  test.each([
    [0, 'low'],
    [0.0499, 'low'],
    [0.05, 'elevated'],
    [0.5999, 'elevated'],
    [0.6, 'high'],
    [0.9499, 'high'],
    [0.95, 'critical'],
    [1, 'critical'],
  ])('%s is %s', (score, level) => {
    expect(levelOf(score)).toBe(level)
  })

  test.each([
    [1.6, 'low'],
    [1.7, 'elevated'],
    [5, 'elevated'],
    [5.1, 'high'],
    [7.5, 'high'],
    [7.6, 'critical'],
  ])('%s nats over the default prior are %s, as docs/signals.md says', (nats, level) => {
    expect(levelOf(combine(logit(0.01), [finding(nats)]))).toBe(level)
  })
})

describe('combine', () => {
  test('nothing found leaves the prior', () => {
    expect(combine(logit(0.01), [])).toBeCloseTo(0.01, 12)
  })

  test('evidence adds up and reassurance takes away', () => {
    const prior = logit(0.01)
    expect(combine(prior, [finding(2), finding(3)])).toBeCloseTo(combine(prior, [finding(5)]), 12)
    expect(combine(prior, [finding(2), finding(-2)])).toBeCloseTo(0.01, 12)
  })

  test('property: a score between 0 and 1 that rises with the evidence, in any order', () => {
    const nats = fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { maxLength: 20 })
    fc.assert(
      fc.property(nats, fc.double({ min: 0.01, max: 8, noNaN: true }), (list, more) => {
        const findings = list.map(finding)
        const score = combine(logit(0.01), findings)
        expect(score).toBeGreaterThanOrEqual(0)
        expect(score).toBeLessThanOrEqual(1)
        expect(combine(logit(0.01), [...findings, finding(more)])).toBeGreaterThanOrEqual(score)
        expect(combine(logit(0.01), findings.toReversed())).toBeCloseTo(score, 10)
      }),
    )
  })
})
