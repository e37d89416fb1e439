import { describe, expect, test } from '@jest/globals'
import { readRecord } from '../../../src/audit/reading.ts'
import { type Explanation, explain } from '../../../src/cli/explain/explanation.ts'
import { remedyOf } from '../../../src/cli/explain/remedies.ts'
import { textOf } from '../../../src/cli/explain/text.ts'
import { FAILURES, type FailureCode } from '../../../src/errors.ts'
import type { Assessment, Decision, Outcome, Past, Subject } from '../../../src/model.ts'
import { FACTS, identified, PAST, sampleCredential, sampleOutcome } from '../../support/edge-samples.ts'
import { type Json, poisoned, recordOf, UNSEEN } from '../records/fixtures.ts'

const SENTENCES = new Map([['risk.new-device.unseen', 'Never seen before.']])

function explained(record: Json): Explanation {
  const read = readRecord(JSON.stringify(record))
  if (typeof read === 'string') throw new Error(read)
  return explain(read, SENTENCES)
}

const BASE = { shadow: [], degraded: [] } as const
const of = (decision: Decision, over: Partial<Outcome> = {}, subject?: Subject) =>
  explained(recordOf({ decision, ...over }, subject))

type Stages = NonNullable<Outcome['stages']>
const staged = (over: Partial<Stages>): Partial<Outcome> => {
  const { stages } = sampleOutcome()
  return stages === undefined ? {} : { stages: { ...stages, ...over } }
}

const atRisk = (score: number, nats: readonly number[]): Assessment => ({
  score,
  level: 'high',
  findings: nats.map((each, i) => ({ signal: `s${i}`, reason: `risk.s${i}.x`, nats: each, detail: {} })),
  failed: [],
})

describe('a request that passed', () => {
  const decision: Decision = { ...BASE, effect: 'allow', reasons: ['policy.default.low-low'] }

  test('tells who, how bound, what was seen and what decided, and nothing of what would have made it pass', () => {
    const told = of(decision)
    expect(told).toMatchObject({
      isPassed: true,
      effect: 'allow',
      identity: 'alice (user of acme)',
      wouldHavePassed: [],
    })
    expect(told.who[0]).toBe(
      'alice, a user of the tenant acme, known to https://idp.example.com, through the client web.',
    )
    expect(told.who[1]).toMatch(/^Not bound to its holder, and its issuer does not ask for that/)
    expect(told.decided).toEqual({
      by: 'default table',
      sentence: 'No rule matched, so the default table decides: low sensitivity at low risk gives allow.',
    })
  })

  test('a proof, an agent and a carried binding are told', () => {
    const binding = { state: 'verified', methods: ['dpop'], isRequired: true, isCarried: true } as const
    const credential = sampleCredential({ kind: 'agent', actor: { subject: 'assistant' } })
    const { who, identity } = of(decision, {}, identified({ credential, binding }))
    expect(identity).toBe('assistant for alice (agent of acme)')
    expect(who[0]).toBe(
      'alice of the tenant acme, known to https://idp.example.com, through the client web, for whom the agent assistant acts.',
    )
    expect(who[1]).toBe(
      'Bound to its holder: proved by a proof made with the key of the token (DPoP), at the edge; a hop brought that here.',
    )
  })

  test('a path that a sink replaced stands behind the host', () => {
    const record = recordOf({ decision })
    const request = { ...(record['request'] as object), path: 'p-0uzsOxrIN88pZa_fwznJi1' }
    expect(explained({ ...record, request }).request).toMatch(/[a-z]\/p-0uzsOxrIN88pZa_fwznJi1$/)
  })

  test('an agent for itself', () => {
    const credential = sampleCredential({ kind: 'agent', subject: 'bot' })
    const { who } = of(decision, {}, identified({ credential }))
    expect(who[0]).toContain('bot, an agent of the tenant acme,')
  })

  test.each([
    [0, 'Time: Monday, from 0:00 to 1:00 in the zone of context.time.'],
    [124, 'Time: Saturday, from 4:00 to 5:00 in the zone of context.time.'],
    [167, 'Time: Sunday, from 23:00 to 24:00 in the zone of context.time.'],
    [168, undefined],
  ])('the hour %s of the week is told as people say it', (hourOfWeek, expected) => {
    const { observed } = of(decision, staged({ facts: { ...FACTS, time: { hourOfWeek } } }))
    expect(observed.find((line) => line.startsWith('Time'))).toBe(expected)
  })

  test('a cookie, a connection and a client that is listed are told', () => {
    const registration = { kind: 'user-app', owner: 'shop team' } as const
    const workload = { id: 'spiffe://mesh.example.com/web', trustDomain: 'mesh.example.com' }
    const shown = { credential: sampleCredential({ registration }), scheme: undefined, workload }
    const { who } = of(decision, {}, identified({ ...shown, carrier: 'cookie' }))
    expect(who).toContain('The client is listed as that of shop team.')
    expect(who).toContain('It came over a connection of spiffe://mesh.example.com/web.')
    expect(who.join()).toContain('Token in a cookie: issued ')
  })

  test('a workload without a token is told by its certificate', () => {
    const workload = { id: 'spiffe://mesh.example.com/web', trustDomain: 'mesh.example.com' }
    const { issuedAt: _issued, expiresAt: _expires, ...plain } = sampleCredential()
    const subject = identified({ credential: plain, scheme: undefined, workload, carrier: 'peer' })
    const { who } = of(decision, {}, subject)
    expect(who).toContain('No token: the certificate of the connection says who it is.')
    expect(who.join()).not.toContain('It came over')
  })

  test('what a sink altered is told', () => {
    const record = { ...recordOf({ decision }), pseudonyms: ['subject'], addresses: 'prefix' }
    expect(textOf(explained(record))).toContain(
      'The sink altered this record (pseudonyms stand for: subject; addresses are prefixes).',
    )
  })

  test('an OCSF event is no record, and that is said', () => {
    expect(readRecord('{"class_uid":6003}')).toContain('OCSF')
  })

  test('what is missing is said to be missing', () => {
    const { authTime: _time, acr: _acr, ...plain } = sampleCredential({ amr: [], scopes: [] })
    const facts = { ...FACTS, address: { isUntrusted: true } }
    const subject = identified({ credential: plain })
    const { who, observed } = of(decision, staged({ facts, subject }))
    expect(who).toContain('Login: no login time in the token; class not told, methods not told.')
    expect(who).toContain('Scopes: none.')
    expect(observed).toContain(
      'Address: not known, only that of the connection: the forwarding chain was shorter than configured.',
    )
  })
})

test.each([
  ['attested', undefined, 'Posture: the token of https://mdm.example belongs to this caller, so it counts.'],
  [
    'refused',
    'identity.token.expired',
    'Posture: the token of https://mdm.example does not hold (identity.token.expired).',
  ],
] as const)('a posture token that is %s', (state, failure, sentence) => {
  const posture = { state, failure, detail: undefined, issuer: 'https://mdm.example', claims: {} }
  const facts = { ...FACTS, device: { isAttested: false, posture } }
  const decision: Decision = { ...BASE, effect: 'allow', reasons: ['policy.default.low-low'] }
  expect(of(decision, staged({ facts, subject: identified() })).observed).toContain(sentence)
})

test('what a posture token says is told', () => {
  const claims = { managed: true, patch: 14 }
  const posture = {
    state: 'attested',
    failure: undefined,
    detail: undefined,
    issuer: undefined,
    claims,
  } as const
  const facts = { ...FACTS, device: { isAttested: true, posture } }
  const decision: Decision = { ...BASE, effect: 'allow', reasons: ['policy.default.low-low'] }
  expect(of(decision, staged({ facts })).observed).toContain(
    'Posture: the token belongs to this caller, so it counts. It says managed true, patch 14.',
  )
})

test('facts that nobody has written sentences for are told by their members', () => {
  const record = recordOf({ decision: { ...BASE, effect: 'allow', reasons: ['policy.default.low-low'] } })
  const network = {
    country: 'DE',
    asn: 64500,
    city: { name: 'Bonn', missing: undefined },
    tags: ['vpn', 'relay'],
  }
  const facts = { ...(record['facts'] as object), network, nothing: {}, later: 33 }
  const { observed } = explained({ ...record, facts })
  expect(observed).toContain('Network: country DE, asn 64500, city.name Bonn, tags vpn and relay.')
  expect(observed).toContain('Later: 33.')
  expect(observed.join()).not.toContain('Nothing')
})

describe('each finding is told with what it adds', () => {
  test('nats, sentence, detail and what that means for the odds', () => {
    const finding = {
      signal: 'new-device',
      reason: 'risk.new-device.unseen',
      nats: Math.log(12),
      detail: { requests: 21, devices: 1 },
    }
    const assessment: Assessment = { score: 0.104, level: 'elevated', findings: [finding], failed: [] }
    const told = of(
      { ...BASE, effect: 'monitor', reasons: ['policy.default.low-elevated'] },
      staged({ assessment, subject: identified() }),
    )
    expect(told.risk?.contributions).toEqual([{ ...finding, sentence: 'Never seen before.' }])
    expect(textOf(told)).toContain(
      '+2.5 nats: Never seen before. (requests 21, devices 1) risk.new-device.unseen; the odds of trouble 12 times as high.',
    )
  })
})

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

test('shadow rules: what they would have done', () => {
  const shadow = [
    { rule: 'a', effect: 'deny', outcome: 'match', wouldDecide: true },
    { rule: 'b', effect: 'throttle', outcome: 'error', wouldDecide: true },
    { rule: 'c', effect: 'deny', outcome: 'unknown', wouldDecide: false },
  ] as const
  const told = of({ ...BASE, effect: 'allow', reasons: ['policy.default.low-low'], shadow })
  expect(told.shadow.map(({ sentence }) => sentence)).toEqual([
    'Its condition held; enforced, it would have decided: deny, and the request was let through.',
    'Its condition could not be evaluated, and then a rule denies; enforced, it would have decided: deny, and the request was let through.',
    'Its condition read something that is missing; enforced, it would have changed nothing here: something else decides first, or it does not act.',
  ])
})

test('what was decided without is told', () => {
  const degraded = ['store', 'replay', 'rule:r', 'signal:new-device', 'moon']
  const told = of({ ...BASE, effect: 'allow', reasons: ['policy.default.low-low'], degraded })
  expect(told.degraded.map(({ input }) => input)).toEqual(degraded)
  expect(textOf(told)).toContain('rule:r: The rule r needed something that is missing and was passed over.')
})

test('words of a later version are no reason to fail', () => {
  const record = recordOf() as { decision: object }
  const decision = {
    ...record.decision,
    effect: 'narrow',
    reasons: ['policy.narrow.x'],
    failure: 'policy.narrow.x',
  }
  expect(explained({ ...record, decision })).toMatchObject({
    isPassed: false,
    wouldHavePassed: ['This version of vigil does not know the effect.', expect.anything()],
  })
})

test('nothing in a record can steer a terminal: every text of it hostile', () => {
  const past: Past = {
    ...PAST,
    limits: [{ limit: 'l', max: 1, windowSeconds: 1, used: 2, retryAfterSeconds: 1 }],
  }
  const shadow = [{ rule: 'a', effect: 'deny', outcome: 'match', wouldDecide: true }] as const
  const decision: Decision = {
    ...BASE,
    effect: 'allow',
    reasons: ['r'],
    rule: 'r',
    detail: 'r',
    shadow,
    degraded: ['store'],
  }
  const record = recordOf({
    decision,
    ...staged({ past, assessment: atRisk(0.9, [3]), subject: identified() }),
  })
  for (const each of [record, { ...record, decision: { ...decision, rule: undefined } }]) {
    const told = explained(poisoned(each, new Set(['v', 'at', 'state', 'proof', 'hop'])) as Json)
    const clean = textOf(explained(JSON.parse(JSON.stringify(each))))
    expect(textOf(told)).not.toMatch(UNSEEN)
    expect(textOf(told)).toContain('\\u{1b}[2J\\u{9b}31m\\u{202e}')
    // Whatever breaks lines would have made more of them. An effect that nobody knows passes nowhere.
    expect(textOf({ ...told, isPassed: true, wouldHavePassed: [] }).split('\n')).toHaveLength(
      clean.split('\n').length,
    )
  }
})
