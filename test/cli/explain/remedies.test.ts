import { describe, expect, test } from '@jest/globals'
import { remedyOf } from '../../../src/cli/explain/remedies.ts'
import { FAILURES, type FailureCode } from '../../../src/errors.ts'
import type { Assessment, Decision, Outcome, Past } from '../../../src/model.ts'
import { identified, PAST, sampleOutcome } from '../../support/edge-samples.ts'
import { recordOf } from '../records/fixtures.ts'
import { atRisk, BASE, explained, of, staged } from './set-up.ts'

describe('what decided, and what would have made it pass', () => {
  const denied = (failure: FailureCode, more: object = {}): Decision => ({
    ...BASE,
    effect: 'deny',
    failure,
    reasons: [failure],
    ...more,
  })

  test('a missing scope: only the one that is missing', () => {
    const told = of(denied('policy.scope.insufficient', { scopes: ['orders.read', 'orders.export'] }))
    expect(told.decided.by).toBe('gate')
    expect(told.wouldHavePassed).toEqual([
      'A token that also holds the scope orders.export: the client must ask for it, and the user may have to agree.',
      'After that the later steps still have their say: limits, rules and the default table were not asked here.',
    ])
  })

  test('a rule, with its description', () => {
    const rule = { rule: 'own-only', detail: 'own-only (Each their own)', reasons: ['policy.rule.own-only'] }
    const told = of(denied('policy.rule.denied', rule))
    expect(told.decided).toEqual({
      by: 'rule',
      rule: 'own-only',
      sentence: 'The condition of the rule own-only (Each their own) held, and it wants: deny.',
    })
    expect(told.wouldHavePassed[0]).toBe(
      'Facts for which the condition of the rule own-only (Each their own) does not hold.',
    )
  })

  test.each<[FailureCode, string, string]>([
    [
      'policy.rule.error',
      'A rule that goes wrong denies, and this one could not be evaluated: r; x fails.',
      'mend its condition',
    ],
    [
      'policy.rule.unknown',
      'A rule needed something that is missing here, and then it acts (deny): r; x fails.',
      'has()',
    ],
  ])('a rule with %s', (failure, sentence, remedy) => {
    const told = of(denied(failure, { rule: 'r', detail: 'r; x fails', reasons: [failure, 'policy.rule.r'] }))
    expect(told.decided.sentence).toBe(sentence)
    expect(told.wouldHavePassed.join()).toContain(remedy)
  })

  const stepUp = (over: object = {}): Decision => ({
    ...BASE,
    effect: 'step-up',
    unmet: { maxAgeSeconds: 0 },
    marksChallenge: true,
    reasons: ['policy.rule.fresh'],
    rule: 'fresh',
    detail: 'asked for by the rule fresh',
    ...over,
  })

  test('a step-up: a login after the challenge, or other facts', () => {
    expect(of(stepUp()).wouldHavePassed).toEqual([
      'A login made after 2026-11-22 09:00:00 UTC, and the same request with the new token.',
      'Or facts for which the condition of the rule fresh does not hold.',
    ])
  })

  test('a step-up that was asked for before: a login after that challenge, not after this one', () => {
    const past: Past = {
      ...PAST,
      session: { firstSeenMs: 0, lastSeenMs: 0, seen: 1, challengedAtMs: Date.UTC(2026, 10, 22, 8, 59) },
    }
    const told = of(stepUp({ marksChallenge: false }), staged({ past, subject: identified() }))
    expect(told.wouldHavePassed[0]).toContain('made after 2026-11-22 08:59:00 UTC')
  })

  test('a step-up of the gate: the class of login that the action needs', () => {
    const reasons = ['policy.authentication.unmet']
    const told = of(
      stepUp({
        unmet: { acr: ['phr', 'mfa'], maxAgeSeconds: 300 },
        reasons,
        rule: undefined,
        detail: undefined,
      }),
    )
    expect(told.decided.by).toBe('gate')
    expect(told.wouldHavePassed[0]).toBe(
      'A login of the class phr or mfa at most 5 minutes old, and the same request with the new token.',
    )
  })

  test('a limit: when the next request fits', () => {
    const limit = { limit: 'per-subject', max: 3, windowSeconds: 60, used: 4, retryAfterSeconds: 80 }
    const told = of({
      ...BASE,
      effect: 'throttle',
      retryAfterSeconds: 80,
      limit,
      reasons: ['policy.limit.per-subject'],
    })
    expect(told.decided).toMatchObject({ by: 'limit' })
    expect(told.wouldHavePassed).toEqual([
      'The same request after 80 seconds, at 2026-11-22 09:01:20 UTC, if the caller has paused until then.',
      'Or at most 3 requests within 60 s (this was number 4), or a greater limit per-subject.',
    ])
  })

  test.each<[string, number, readonly number[], readonly string[]]>([
    [
      'one finding alone made the difference: it is named, the other is not',
      0.97,
      [7.5, 0.5],
      [
        'Without the finding risk.s0.x the risk would have been low, and the default table gives allow there.',
      ],
    ],
    [
      'only together',
      0.999999,
      [8, 8],
      [
        'Without all of the findings risk.s0.x and risk.s1.x the risk would have been elevated, and the default table gives monitor there.',
      ],
    ],
    ['so near to 1 that nothing can be told', 1, [8, 8, 8], []],
  ])('the default table denies: %s', (_what, score, nats, expected) => {
    const assessment: Assessment = { ...atRisk(score, nats), level: 'critical' }
    const decision = denied('policy.default.denied', {
      reasons: ['policy.default.denied', 'policy.default.low-critical'],
    })
    expect(of(decision, staged({ assessment, subject: identified() })).wouldHavePassed).toEqual(expected)
  })

  test('the service itself: nothing that the caller could do', () => {
    const failure = 'check.fault.unexpected'
    const decision: Decision = {
      ...BASE,
      effect: 'unavailable',
      failure,
      retryAfterSeconds: 1,
      reasons: [failure],
    }
    const { stages: _stages, ...rest } = sampleOutcome({ decision })
    const told = explained(recordOf({ ...rest, stages: undefined } as unknown as Partial<Outcome>))
    expect(told).toMatchObject({ isPassed: false, decided: { by: 'service' }, risk: undefined })
    expect(told.wouldHavePassed[0]).toMatch(/^Nothing that the caller could do differently/)
  })

  test.each(Object.keys(FAILURES) as FailureCode[])('%s has a remedy', (failure) => {
    expect(remedyOf(failure)).not.toBe('Another decision of policy.')
    expect(remedyOf(failure).length).toBeGreaterThan(15)
  })
})
