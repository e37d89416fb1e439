import { describe, expect, test } from '@jest/globals'
import type { Sensitivity } from '../../src/model.ts'
import { decideBy, ERROR, facts, type RuleInput, rule, UNKNOWN } from './fixtures.ts'

describe('rules', () => {
  test.each<[string, RuleInput[], object]>([
    ['allow', [rule('allow')], { effect: 'allow', rule: 'r', reasons: ['policy.rule.r'] }],
    ['monitor', [rule('monitor')], { effect: 'monitor', rule: 'r', reasons: ['policy.rule.r'] }],
    ['deny', [rule('deny')], { effect: 'deny', failure: 'policy.rule.denied', reasons: ['policy.rule.r'] }],
    [
      'throttle',
      [rule('throttle')],
      { effect: 'throttle', retryAfterSeconds: 60, reasons: ['policy.rule.r'] },
    ],
    [
      'throttle with its own time',
      [rule('throttle', { retryAfterSeconds: 5 })],
      { effect: 'throttle', retryAfterSeconds: 5 },
    ],
    [
      'step-up',
      [rule('step-up')],
      { effect: 'step-up', unmet: { maxAgeSeconds: 0 }, marksChallenge: true, reasons: ['policy.rule.r'] },
    ],
    [
      'the first match wins',
      [rule('deny', { when: false }), rule('monitor', { name: 'b' }), rule('deny', { name: 'c' })],
      { effect: 'monitor', rule: 'b' },
    ],
    [
      'an error denies, in an allowing rule too',
      [rule('allow', { when: ERROR })],
      {
        effect: 'deny',
        failure: 'policy.rule.error',
        rule: 'r',
        reasons: ['policy.rule.error', 'policy.rule.r'],
      },
    ],
    [
      'an error denies in a throttling rule',
      [rule('throttle', { when: ERROR })],
      { effect: 'deny', failure: 'policy.rule.error' },
    ],
    [
      'an error denies whatever whenUnknown says',
      [rule('deny', { when: ERROR, whenUnknown: 'skip' })],
      { failure: 'policy.rule.error' },
    ],
    [
      'no boolean is an error',
      [rule('allow', { when: 'subject.claims.level' })],
      { failure: 'policy.rule.error' },
    ],
  ])('%s', (_name, rules, expected) => expect(decideBy(rules)).toMatchObject(expected))

  test('without rules the default table decides', () => {
    expect(decideBy([])).toEqual({
      effect: 'allow',
      reasons: ['policy.default.low-low'],
      shadow: [],
      degraded: [],
    })
  })
})

describe('an unknown condition', () => {
  const fallThrough = { reasons: ['policy.default.low-low'], degraded: [] }
  test.each<[string, RuleInput, Sensitivity, object]>([
    ['allow is skipped', rule('allow'), 'high', { reasons: ['policy.default.high-low'], degraded: [] }],
    ['monitor is skipped', rule('monitor'), 'low', fallThrough],
    [
      'deny matches',
      rule('deny'),
      'low',
      {
        effect: 'deny',
        failure: 'policy.rule.unknown',
        rule: 'r',
        reasons: ['policy.rule.unknown', 'policy.rule.r'],
      },
    ],
    [
      'deny with skip',
      rule('deny', { whenUnknown: 'skip' }),
      'critical',
      { effect: 'step-up', reasons: ['policy.default.critical-low'], degraded: [] },
    ],
    ['step-up at low: skipped, visibly', rule('step-up'), 'low', { effect: 'allow', degraded: ['rule:r'] }],
    [
      'step-up at medium: skipped, visibly',
      rule('step-up'),
      'medium',
      { effect: 'allow', degraded: ['rule:r'] },
    ],
    [
      'step-up at high: matches',
      rule('step-up'),
      'high',
      { effect: 'step-up', rule: 'r', reasons: ['policy.rule.r', 'policy.rule.unknown'] },
    ],
    ['throttle at critical: matches', rule('throttle'), 'critical', { effect: 'throttle', rule: 'r' }],
    ['throttle at low: skipped, visibly', rule('throttle'), 'low', { effect: 'allow', degraded: ['rule:r'] }],
    [
      'throttle at low with match',
      rule('throttle', { whenUnknown: 'match' }),
      'low',
      { effect: 'throttle', rule: 'r' },
    ],
    [
      'step-up at critical with skip',
      rule('step-up', { whenUnknown: 'skip' }),
      'critical',
      { reasons: ['policy.default.critical-low'], degraded: [] },
    ],
  ])('%s', (_name, input, sensitivity, expected) => {
    expect(decideBy([{ ...input, when: UNKNOWN }], { facts: facts({ sensitivity }) })).toMatchObject(expected)
  })
})

describe('shadow rules are recorded and never enforced', () => {
  const shadow = (name: string, effect: string, when: RuleInput['when']) => ({
    name,
    effect,
    when,
    shadow: true,
  })
  const shadows = [
    shadow('match', 'deny', true),
    shadow('quiet', 'deny', false),
    shadow('unknown', 'deny', UNKNOWN),
    shadow('error', 'allow', ERROR),
  ]
  const outcomes = [
    { rule: 'match', effect: 'deny', outcome: 'match', wouldDecide: true },
    { rule: 'unknown', effect: 'deny', outcome: 'unknown', wouldDecide: true },
    { rule: 'error', effect: 'allow', outcome: 'error', wouldDecide: true },
  ]

  test('before the default table', () => {
    expect(decideBy(shadows)).toEqual({
      effect: 'allow',
      reasons: ['policy.default.low-low'],
      shadow: outcomes,
      degraded: [],
    })
  })

  test('before and after an enforced rule; those after it would not have decided', () => {
    const late = [
      shadow('late', 'deny', true),
      rule('allow', { name: 'never' }),
      shadow('last', 'allow', UNKNOWN),
    ]
    expect(decideBy([...shadows, rule('monitor'), ...late])).toMatchObject({
      effect: 'monitor',
      shadow: [
        ...outcomes,
        { rule: 'late', effect: 'deny', outcome: 'match', wouldDecide: false },
        { rule: 'last', effect: 'allow', outcome: 'unknown', wouldDecide: false },
      ],
    })
  })

  test.each([
    ['allow', 'critical', false],
    ['throttle', 'low', false],
    ['throttle', 'critical', true],
    ['deny', 'low', true],
  ] as const)('an unknown %s at %s would decide: %s', (effect, sensitivity, wouldDecide) => {
    const { shadow: told, degraded } = decideBy([shadow('s', effect, UNKNOWN)], {
      facts: facts({ sensitivity }),
    })
    expect(told).toEqual([{ rule: 's', effect, outcome: 'unknown', wouldDecide }])
    expect(degraded).toEqual([])
  })
})
