import { describe, expect, test } from '@jest/globals'
import type { Decision } from '../../src/model.ts'
import { observe } from '../../src/telemetry/observe.ts'
import { fakeMeter } from '../store/fakes.ts'
import { ALLOW, ALLOWED, DECISION_BASE, refusedAnswer, sampleOutcome } from '../support/edge-samples.ts'

test('shadow rules are counted where they would have decided', () => {
  const meter = fakeMeter()
  const shadow = [
    { rule: 'first', effect: 'deny', outcome: 'match', wouldDecide: true },
    { rule: 'late', effect: 'deny', outcome: 'match', wouldDecide: false },
  ] as const
  observe(sampleOutcome({ decision: { ...ALLOW, shadow } }), 1, meter)
  const counted = Object.entries(meter.counts).filter(([name]) => name.startsWith('vigil_shadow_total'))
  expect(counted).toEqual([['vigil_shadow_total{rule=first,effect=deny,outcome=match}', 1]])
})

test('what passes in observe mode only counts as that, and by what it would have been', () => {
  const meter = fakeMeter()
  const decision: Decision = {
    ...DECISION_BASE,
    effect: 'deny',
    failure: 'policy.rule.denied',
    reasons: ['policy.rule.r'],
  }
  const answer = { ...ALLOWED, effect: 'observe', would: refusedAnswer() } as const
  observe(sampleOutcome({ decision, mode: 'observe', answer }), 1, meter)
  observe(sampleOutcome({ mode: 'observe' }), 1, meter)
  const labels = 'action=read-orders,entrypoint=gateway,reason'
  const counted = Object.entries(meter.counts).filter(([name]) => !name.includes('duration'))
  expect(counted).toEqual([
    [`vigil_observed_total{effect=deny,${labels}=policy.rule.r}`, 1],
    [`vigil_checks_total{effect=observe,${labels}=policy.rule.r}`, 1],
    [`vigil_checks_total{effect=allow,${labels}=policy.default.allowed}`, 1],
  ])
})

describe('rules whose condition could not be answered are counted where that had a consequence', () => {
  const acted = (...reasons: Decision['reasons']): Decision => ({ ...ALLOW, rule: 'r', reasons })
  const shadow = (outcome: 'match' | 'unknown' | 'error', wouldDecide: boolean): Decision => ({
    ...ALLOW,
    shadow: [{ rule: 's', effect: 'deny', outcome, wouldDecide }],
  })
  test.each<[string, Decision, Record<string, number>]>([
    ['it denied', acted('policy.rule.unknown', 'policy.rule.r'), { 'rule=r,kind=unknown': 1 }],
    ['it acted in another way', acted('policy.rule.r', 'policy.rule.unknown'), { 'rule=r,kind=unknown': 1 }],
    ['it went wrong', acted('policy.rule.error', 'policy.rule.r'), { 'rule=r,kind=error': 1 }],
    ['it matched', acted('policy.rule.r'), {}],
    [
      'it was passed over, and the check is degraded',
      { ...ALLOW, degraded: ['store', 'rule:p'] },
      { 'rule=p,kind=unknown': 1 },
    ],
    ['in shadow it would have acted', shadow('unknown', true), { 'rule=s,kind=unknown': 1 }],
    ['in shadow it would have been passed over', shadow('unknown', false), {}],
    ['in shadow it went wrong', shadow('error', false), { 'rule=s,kind=error': 1 }],
    ['in shadow it matched', shadow('match', true), {}],
    ['no rule decided', { ...DECISION_BASE, effect: 'deny', failure: 'policy.default.denied' }, {}],
  ])('%s', (_name, decision, expected) => {
    const meter = fakeMeter()
    observe(sampleOutcome({ decision }), 1, meter)
    const counted = Object.entries(meter.counts).flatMap(([name, value]) => {
      const labels = /^vigil_rule_failures_total\{(.*)\}$/.exec(name)?.[1]
      return labels === undefined ? [] : [[labels, value]]
    })
    expect(Object.fromEntries(counted)).toEqual(expected)
  })
})
