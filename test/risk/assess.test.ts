import { describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { riskSettings } from '../../src/config/schema/decision.ts'
import { assess } from '../../src/risk/assess.ts'
import { compileRisk } from '../../src/risk/compile.ts'
import { defineSignal, type Evidence, type Signal } from '../../src/risk/signal.ts'
import { checkOf, factsOf, identified, pastOf } from '../support/check-of.ts'

function signal(id: string, evaluate: () => readonly Evidence[], more: Partial<Signal> = {}): Signal {
  return {
    ...defineSignal({
      id,
      summary: 'A test.',
      reasons: { worry: 'It worries.', calm: 'It calms.' },
      cap: 5,
      settings: z.strictObject({}),
      evaluate,
    }),
    ...more,
  }
}

function run(...signals: Signal[]) {
  const compiled = compileRisk(riskSettings.parse(undefined), signals)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  return assess(checkOf(), identified(), factsOf(), pastOf(), compiled.value)
}

const worry = (nats: number, detail?: Evidence['detail']): Evidence =>
  detail === undefined ? { reason: 'worry', nats } : { reason: 'worry', nats, detail }

describe('assess', () => {
  test('no finding is the prior', () => {
    expect(run(signal('a', () => []))).toEqual({ score: 0.01, level: 'low', findings: [], failed: [] })
  })

  test('findings are named after their signal and add up', () => {
    const assessment = run(
      signal('a', () => [worry(2, { n: 1 })]),
      signal('b', () => [worry(3)]),
    )
    expect(assessment).toEqual({
      score: expect.closeTo(0.59986, 5),
      level: 'elevated',
      findings: [
        { signal: 'a', reason: 'risk.a.worry', nats: 2, detail: { n: 1 } },
        { signal: 'b', reason: 'risk.b.worry', nats: 3, detail: {} },
      ],
      failed: [],
    })
  })

  const bounds: [string, number[], Partial<Signal>, number[]][] = [
    ['a finding above the cap', [9], {}, [5]],
    ['the sum above the cap', [3, 4, 2], {}, [3, 2, 0]],
    ['reassurance without a floor', [-3], {}, [0]],
    ['reassurance behind worry', [3, -3], {}, [3, 0]],
    ['worry behind reassurance', [-3, 9], { floor: -4 }, [-3, 5]],
    ['reassurance above its floor', [-3], { floor: -4 }, [-3]],
    ['reassurance below its floor', [-3, -3], { floor: -4 }, [-3, -1]],
  ]
  test.each(bounds)('bounds: %s', (_, nats, more, counted) => {
    expect(run(signal('a', () => nats.map((n) => worry(n)), more)).findings.map((f) => f.nats)).toEqual(
      counted,
    )
  })

  const broken: [string, () => readonly Evidence[]][] = [
    [
      'throws',
      () => {
        throw new Error('broken')
      },
    ],
    ['returns no list', () => undefined as unknown as Evidence[]],
    ['returns a list of nothing', () => [null] as unknown as Evidence[]],
    ['names a reason it did not declare', () => [{ reason: 'other', nats: 1 }]],
    ['names a member of every object', () => [{ reason: 'constructor', nats: 1 }]],
    ['gives NaN', () => [worry(Number.NaN)]],
    ['gives infinity', () => [worry(Number.POSITIVE_INFINITY)]],
    ['gives text', () => [worry('5' as unknown as number)]],
    ['is right once and wrong once', () => [worry(1), worry(Number.NaN)]],
  ]
  test.each(broken)('a signal that %s is absent and named, the others count', (_, evaluate) => {
    const assessment = run(
      signal('bad', evaluate),
      signal('good', () => [worry(2)]),
    )
    expect(assessment.failed).toEqual(['bad'])
    expect(assessment.findings.map((f) => f.signal)).toEqual(['good'])
  })

  test('a failure alone is still told', () => {
    expect(run(signal('bad', () => [worry(Number.NaN)]))).toMatchObject({ level: 'low', failed: ['bad'] })
  })
})
