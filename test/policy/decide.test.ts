import { describe, expect, test } from '@jest/globals'
import type { Level, LimitReading, Sensitivity } from '../../src/model.ts'
import {
  assessment,
  challenged,
  configOf,
  decideBy,
  decideWith,
  facts,
  type Given,
  NOW,
  NOW_MS,
  past,
  profile,
  rule,
  session,
  subject,
} from './fixtures.ts'

describe('step-up by a rule', () => {
  const config = configOf([rule('step-up', { stepUp: { acr: ['phr'], maxAgeSeconds: 60 } })])
  const plain = configOf([rule('step-up')], { enforcement: { stepUp: { maxAgeSeconds: 150 } } })

  test('met: monitor, with both reasons', () => {
    const given = { past: challenged, subject: subject({ acr: 'phr', authTime: NOW - 60 }) }
    expect(decideWith(config, given)).toEqual({
      effect: 'monitor',
      rule: 'r',
      reasons: ['policy.step-up.satisfied', 'policy.rule.r'],
      shadow: [],
      degraded: [],
    })
  })

  test.each<[string, typeof config, Given, object]>([
    [
      'the rule’s requirement first',
      config,
      { facts: facts({ authentication: { maxAgeSeconds: 100 } }) },
      { unmet: { acr: ['phr'], maxAgeSeconds: 60 } },
    ],
    [
      'then the action’s',
      plain,
      { facts: facts({ authentication: { maxAgeSeconds: 100 } }) },
      { effect: 'monitor' },
    ],
    [
      'then enforcement.stepUp',
      plain,
      { subject: subject({ authTime: NOW - 151 }) },
      { unmet: { maxAgeSeconds: 150 }, marksChallenge: true },
    ],
  ])('%s', (_name, used, given, expected) => {
    expect(decideWith(used, { past: challenged, ...given })).toMatchObject(expected)
  })

  test.each([
    'machine',
    'agent',
    'workload',
  ] as const)('SU-09 a %s is denied: nobody is there to log in', (kind) => {
    expect(decideWith(plain, { subject: subject({ kind }) })).toMatchObject({
      effect: 'deny',
      failure: 'policy.authentication.impossible',
      rule: 'r',
      reasons: ['policy.authentication.impossible', 'policy.rule.r'],
    })
  })

  test('an anonymous caller is asked for a credential', () => {
    const given: Given = { subject: { state: 'anonymous' }, facts: facts({ allowsAnonymous: true }) }
    expect(decideWith(plain, given)).toMatchObject({ effect: 'deny', failure: 'identity.credential.missing' })
  })

  test('a new device does not loop: challenge, login, pass', () => {
    const first = decideWith(plain, {})
    expect(first).toMatchObject({ effect: 'step-up', unmet: { maxAgeSeconds: 0 }, marksChallenge: true })
    const marked = past({ session: session({ challengedAtMs: NOW_MS }) })
    expect(decideWith(plain, { past: marked })).toMatchObject({ effect: 'step-up', marksChallenge: false })
    expect(decideWith(plain, { past: marked, subject: subject({ authTime: NOW + 1 }) })).toMatchObject({
      effect: 'monitor',
    })
  })
})

describe('the default table', () => {
  const A = 'allow'
  const M = 'monitor'
  const S = 'step-up'
  const D = 'deny'
  const table: Record<Sensitivity, Record<Level, string>> = {
    low: { low: A, elevated: M, high: S, critical: D },
    medium: { low: A, elevated: M, high: S, critical: D },
    high: { low: M, elevated: S, high: S, critical: D },
    critical: { low: S, elevated: S, high: S, critical: D },
  }
  const cells = Object.entries(table).flatMap(([sensitivity, row]) =>
    Object.entries(row).map(
      ([level, effect]) => [sensitivity as Sensitivity, level as Level, effect] as const,
    ),
  )

  test.each(cells)('%s / %s: %s', (sensitivity, level, effect) => {
    const decision = decideBy([], { facts: facts({ sensitivity }), assessment: assessment(level) })
    expect(decision).toMatchObject({ effect, reasons: [`policy.default.${sensitivity}-${level}`] })
    if (effect === D) expect(decision).toMatchObject({ failure: 'policy.default.denied' })
  })

  test('critical passes when the login is fresh', () => {
    const given = { facts: facts({ sensitivity: 'critical' }), past: challenged }
    expect(decideBy([], given)).toMatchObject({
      effect: M,
      reasons: ['policy.step-up.satisfied', 'policy.default.critical-low'],
    })
  })

  test.each<Level>(['low', 'critical'])('a rate anomaly throttles at level %s, before the table', (level) => {
    const given = { assessment: assessment(level, ['risk.new-device.first', 'risk.request-rate.burst']) }
    expect(decideBy([], given)).toEqual({
      effect: 'throttle',
      retryAfterSeconds: 60,
      reasons: ['policy.default.rate-anomaly', 'risk.request-rate.burst'],
      shadow: [],
      degraded: [],
    })
    expect(decideBy([rule('allow')], given)).toMatchObject({ effect: 'allow' })
  })

  test('words outside the table are denied', () => {
    const sensitivity = 'enormous' as Sensitivity
    const given = { facts: facts({ sensitivity }), assessment: assessment('odd' as Level) }
    expect(decideBy([], given)).toMatchObject({ effect: 'deny', failure: 'policy.default.denied' })
    const inherited = { facts: facts({}), assessment: assessment('constructor' as Level) }
    expect(decideBy([], inherited)).toMatchObject({ effect: 'deny' })
  })
})

describe('hard limits', () => {
  const limit = (name: string, used: number, retryAfterSeconds: number): LimitReading => ({
    limit: name,
    max: 10,
    windowSeconds: 60,
    used,
    retryAfterSeconds,
  })
  const ALLOW = [rule('allow')]

  test('used up exactly is within', () => {
    expect(decideBy(ALLOW, { past: past({ limits: [limit('a', 10, 0)] }) })).toMatchObject({
      effect: 'allow',
    })
  })

  test('one more is throttled before every rule', () => {
    const reading = limit('a', 11, 37)
    expect(decideBy(ALLOW, { past: past({ limits: [reading] }) })).toEqual({
      effect: 'throttle',
      limit: reading,
      retryAfterSeconds: 37,
      reasons: ['policy.limit.a'],
      shadow: [],
      degraded: [],
    })
  })

  test('of several the longest wait counts, and all are named', () => {
    const limits = [
      limit('a', 11, 5),
      limit('b', 99, 0),
      limit('c', 12, 40),
      limit('d', 13, 40),
      limit('e', 3, 99),
    ]
    expect(decideBy(ALLOW, { past: past({ limits }) })).toMatchObject({
      limit: { limit: 'c' },
      retryAfterSeconds: 40,
      reasons: ['policy.limit.c', 'policy.limit.a', 'policy.limit.b', 'policy.limit.d'],
    })
  })

  test('Retry-After is at least one second', () => {
    expect(decideBy(ALLOW, { past: past({ limits: [limit('a', 11, 0)] }) })).toMatchObject({
      retryAfterSeconds: 1,
    })
  })

  test('the gate stands before limits, limits before the failure table', () => {
    const over = { limits: [limit('a', 11, 5)], degraded: ['store'] }
    expect(decideBy(ALLOW, { past: past(over), facts: facts({ isKnown: false }) })).toMatchObject({
      effect: 'deny',
    })
    expect(decideBy(ALLOW, { past: past(over), facts: facts({ sensitivity: 'high' }) })).toMatchObject({
      effect: 'throttle',
    })
  })
})

describe('the store is not to be had', () => {
  const down = past({ degraded: ['store'] })
  test.each<[Sensitivity, object]>([
    ['low', { effect: 'allow', degraded: ['store'] }],
    ['medium', { effect: 'allow', degraded: ['store'] }],
    [
      'high',
      {
        effect: 'unavailable',
        failure: 'history.store.unavailable',
        retryAfterSeconds: 1,
        degraded: ['store'],
      },
    ],
    [
      'critical',
      { effect: 'unavailable', failure: 'history.store.unavailable', reasons: ['history.store.unavailable'] },
    ],
  ])('%s', (sensitivity, expected) => {
    expect(decideBy([rule('allow')], { past: down, facts: facts({ sensitivity }) })).toMatchObject(expected)
  })

  test('the rows of failure.store are configuration', () => {
    const config = configOf([rule('allow')], {
      failure: { store: { low: 'unavailable', high: 'degrade' } },
      enforcement: { retryAfterSeconds: 7 },
    })
    expect(decideWith(config, { past: down })).toMatchObject({ effect: 'unavailable', retryAfterSeconds: 7 })
    expect(decideWith(config, { past: down, facts: facts({ sensitivity: 'high' }) })).toMatchObject({
      effect: 'allow',
    })
  })

  test('a sensitivity outside the table is not degraded but refused', () => {
    const odd = facts({ sensitivity: 'odd' as Sensitivity })
    expect(decideBy([rule('allow')], { past: down, facts: odd })).toMatchObject({ effect: 'unavailable' })
  })

  test('what rules then miss is unknown', () => {
    const { profile: _profile, ...bare } = down
    const rules = [rule('deny', { when: 'past.seen < 5' })]
    expect(decideBy(rules, { past: bare })).toMatchObject({
      failure: 'policy.rule.unknown',
      degraded: ['store'],
    })
  })
})

test('signals that threw make a decision degraded', () => {
  const given = {
    assessment: { ...assessment(), failed: ['new-device'] },
    past: past({ profile: profile(), degraded: ['clock'] }),
  }
  expect(decideBy([], given)).toMatchObject({ effect: 'allow', degraded: ['clock', 'signal:new-device'] })
})
