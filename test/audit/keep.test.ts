import { describe, expect, test } from '@jest/globals'
import { createKeep } from '../../src/audit/keep.ts'
import type { Decision, Outcome } from '../../src/model.ts'
import {
  ALLOW,
  ALLOWED,
  DECISION_BASE,
  refusedAnswer,
  sampleCheck,
  sampleOutcome,
} from '../support/edge-samples.ts'

const idOf = (i: number) => `00000000-0000-4000-8000-${i.toString(16).padStart(12, '0')}`
const IDS = Array.from({ length: 4000 }, (_, i) => idOf(i))
const keptOf = (percent: number) =>
  IDS.filter((id) => createKeep(percent)?.(sampleOutcome({ check: sampleCheck({ id }) })))

const deny: Decision = { ...DECISION_BASE, effect: 'deny', failure: 'identity.token.expired' }
const shadow = [{ rule: 'new', effect: 'deny', outcome: 'match', wouldDecide: true }] as const
const { stages } = sampleOutcome()
const elevated = stages && { ...stages, assessment: { ...stages.assessment, level: 'elevated' as const } }

describe('what a sink keeps', () => {
  test('with all of them there is nothing to ask', () => {
    expect(createKeep(100)).toBeUndefined()
  })

  test('plain allows are left out', () => {
    expect(createKeep(0)?.(sampleOutcome())).toBe(false)
  })

  test.each<[string, Partial<Outcome>]>([
    ['a refusal', { decision: deny, answer: refusedAnswer() }],
    ['a refusal that was let through', { decision: deny }],
    ['an allow that was answered otherwise', { answer: refusedAnswer(503) }],
    ['monitor', { decision: { ...ALLOW, effect: 'monitor' }, answer: { ...ALLOWED, effect: 'monitor' } }],
    ['a degraded allow', { decision: { ...ALLOW, degraded: ['store'] } }],
    ['an allow that a shadow rule would have changed', { decision: { ...ALLOW, shadow } }],
    ['an allow at elevated risk', elevated === undefined ? {} : { stages: elevated }],
  ])('%s is always kept', (_, over) => {
    expect(createKeep(0)?.(sampleOutcome(over))).toBe(true)
  })

  test('a sample has about its share, and a smaller one is part of a larger one', () => {
    const [tenth, quarter] = [keptOf(10), keptOf(25)]
    expect(tenth.length).toBeGreaterThan(300)
    expect(tenth.length).toBeLessThan(500)
    expect(quarter).toEqual(expect.arrayContaining(tenth))
    expect(keptOf(10)).toEqual(tenth)
  })
})
