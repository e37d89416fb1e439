import { describe, expect, test } from '@jest/globals'
import type { Challenges, Decision, Subject } from '../../src/model.ts'
import { endLoop } from '../../src/policy/loop.ts'
import { decideBy, facts, NOW, NOW_MS, past, session, subject } from './fixtures.ts'

const asked: Decision = {
  effect: 'step-up',
  unmet: { maxAgeSeconds: 0 },
  marksChallenge: false,
  reasons: ['policy.rule.fresh'],
  rule: 'fresh',
  shadow: [],
  degraded: [],
}
const challengedBefore = (challenges?: Challenges) =>
  past({ session: session(challenges ? { challenges } : {}) })
const three = { count: 3, sinceMs: NOW_MS - 60_000, lastMs: NOW_MS - 10_000 }
const newer: Subject = subject({ issuedAt: NOW - 9 })

describe('SU-08 the loop guard', () => {
  test.each<[string, Challenges | undefined, Subject, Decision['effect']]>([
    ['never challenged', undefined, newer, 'step-up'],
    ['two challenges', { ...three, count: 2 }, newer, 'step-up'],
    ['three, and a token that is newer than the last', three, newer, 'deny'],
    ['more than three', { ...three, count: 200 }, newer, 'deny'],
    ['three, and a token from before the last', three, subject({ issuedAt: NOW - 11 }), 'step-up'],
    ['three, and a token of the very second', three, subject({ issuedAt: NOW - 10 }), 'step-up'],
    ['three, the first of them ten minutes ago', { ...three, sinceMs: NOW_MS - 600_000 }, newer, 'step-up'],
    [
      'three, the first of them not quite so long ago',
      { ...three, sinceMs: NOW_MS - 599_999 },
      newer,
      'deny',
    ],
  ])('%s', (_what, challenges, who, effect) => {
    expect(endLoop(asked, who, challengedBefore(challenges), NOW_MS).effect).toBe(effect)
  })

  test('says that it ends a loop, and what was asked for', () => {
    expect(endLoop(asked, newer, challengedBefore(three), NOW_MS)).toEqual({
      effect: 'deny',
      failure: 'policy.authentication.looping',
      reasons: ['policy.authentication.looping', 'policy.rule.fresh'],
      rule: 'fresh',
      shadow: [],
      degraded: [],
    })
  })

  test('what passes or is refused otherwise stays as it is', () => {
    const allow: Decision = { effect: 'allow', reasons: ['x'], shadow: [], degraded: [] }
    expect(endLoop(allow, newer, challengedBefore(three), NOW_MS)).toBe(allow)
  })

  test('stands behind the gate, the rules and the default table', () => {
    const given = { subject: subject({ issuedAt: NOW - 9, acr: 'pwd' }), past: challengedBefore(three) }
    const gate = { ...given, facts: facts({ authentication: { acr: ['phr'] } }) }
    expect(decideBy([], gate).reasons).toEqual([
      'policy.authentication.looping',
      'policy.authentication.unmet',
    ])
    const rule = { when: true, effect: 'step-up' } as const
    expect(decideBy([rule], given)).toMatchObject({ failure: 'policy.authentication.looping', rule: 'r0' })
    const table = { ...given, facts: facts({ sensitivity: 'critical' }) }
    expect(decideBy([], table)).toMatchObject({ failure: 'policy.authentication.looping' })
  })
})
