import { describe, expect, test } from '@jest/globals'
import { readRecord } from '../../../src/audit/reading.ts'
import { textOf } from '../../../src/cli/explain/text.ts'
import type { Assessment, Decision, Past } from '../../../src/model.ts'
import { FACTS, identified, PAST, sampleCredential } from '../../support/edge-samples.ts'
import { type Json, poisoned, recordOf, UNSEEN } from '../records/fixtures.ts'
import { atRisk, BASE, explained, of, staged } from './set-up.ts'

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
