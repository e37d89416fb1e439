import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { disguised } from '../../src/audit/disguised.ts'
import { ocsfOf } from '../../src/audit/ocsf.ts'
import { createDisguise, createNaming } from '../../src/audit/pseudonyms.ts'
import { type AuditRecord, toRecord } from '../../src/audit/record.ts'
import type { Decision, Level, Outcome, Subject } from '../../src/model.ts'
import {
  ALLOW,
  DECISION_BASE,
  identified,
  refusedAnswer,
  sampleCheck,
  sampleCredential,
  sampleOutcome,
} from '../support/edge-samples.ts'

const schema = JSON.parse(
  readFileSync(join(import.meta.dirname, 'ocsf/api_activity-1.8.0.schema.json'), 'utf8'),
)
// OCSF says `anyOf: required` beside `type: object`, and a list of types for JSON: strict mode only dislikes the form.
const validate = new Ajv2020({ allErrors: true, strictTypes: false }).compile(schema)

const CONTEXT = { durationUs: 1499, config: 'c0ffee', headers: ['user-agent', 'x-plain'] }

interface Event {
  readonly [name: string]: unknown
  readonly activity_id: number
  readonly type_uid: number
}

/** The event as it is read back from a sink; never one that the schema refuses. */
function eventOf(record: AuditRecord): Event {
  const event = JSON.parse(JSON.stringify(ocsfOf(record)))
  validate(event)
  expect(validate.errors ?? []).toEqual([])
  return event
}
const eventOfOutcome = (over: Partial<Outcome> = {}, subject?: Subject) =>
  eventOf(toRecord(sampleOutcome(over, subject), CONTEXT))

const CASES = join(import.meta.dirname, '../golden/cases')

describe('OCSF-01: every record is an event that the schema of OCSF 1.8 accepts', () => {
  const files = readdirSync(CASES).filter((name) => name.endsWith('.expected.yaml'))

  test.each(files)('those of golden case %s', (file) => {
    const checks = parse(readFileSync(join(CASES, file), 'utf8')) as { record: AuditRecord }[]
    expect(checks.length).toBeGreaterThan(0)
    for (const { record } of checks) {
      const event = eventOf(record)
      expect(event.type_uid).toBe(600_300 + event.activity_id)
    }
  })

  test('the schema refuses what is no such event', () => {
    const event = JSON.parse(JSON.stringify(ocsfOf(toRecord(sampleOutcome(), CONTEXT))))
    for (const wrong of [
      { time: 'now' },
      { severity_id: 42 },
      { actor: {} },
      { subject: 'alice' },
      { metadata: {} },
    ])
      expect(validate({ ...event, ...wrong })).toBe(false)
  })
})

const refusal = (
  effect: 'deny' | 'unavailable',
  failure: 'identity.token.expired' | 'history.store.unavailable',
) =>
  effect === 'deny'
    ? ({ ...DECISION_BASE, effect, failure } satisfies Decision)
    : ({ ...DECISION_BASE, effect, failure, retryAfterSeconds: 1 } satisfies Decision)
const deny = refusal('deny', 'identity.token.expired')
const stepUp: Decision = { ...DECISION_BASE, effect: 'step-up', unmet: {}, marksChallenge: false }
const throttle: Decision = { ...DECISION_BASE, effect: 'throttle', retryAfterSeconds: 9 }

describe('OCSF-02: what was decided', () => {
  test.each<[string, Partial<Outcome>, number, number, number]>([
    ['allow', {}, 1, 1, 1],
    ['monitor', { decision: { ...ALLOW, effect: 'monitor' } }, 1, 1, 17],
    ['a refusal that was let through', { decision: deny }, 1, 3, 15],
    ['step-up', { decision: stepUp, answer: refusedAnswer(401) }, 2, 2, 23],
    ['throttle', { decision: throttle, answer: refusedAnswer(429) }, 2, 2, 2],
    ['a refused token', { decision: deny, answer: refusedAnswer(401) }, 2, 2, 26],
    ['a forbidden action', { decision: deny, answer: refusedAnswer(403) }, 2, 2, 26],
    ['a malformed request', { decision: deny, answer: refusedAnswer(400) }, 2, 2, 25],
    [
      'a fault of Vigil',
      { decision: refusal('unavailable', 'history.store.unavailable'), answer: refusedAnswer(503) },
      2,
      2,
      27,
    ],
  ])('%s', (_, over, status, action, disposition) => {
    expect(eventOfOutcome(over)).toMatchObject({
      status_id: status,
      action_id: action,
      disposition_id: disposition,
    })
  })

  test.each<[Level, number]>([
    ['low', 1],
    ['elevated', 2],
    ['high', 3],
    ['critical', 4],
  ])('risk %s', (level, id) => {
    const { stages } = sampleOutcome()
    const finding = { signal: 'new-device', reason: 'risk.new-device.unknown', nats: 1.234, detail: {} }
    const assessment = { score: 0.456, level, findings: [finding], failed: [] }
    const event = eventOfOutcome(stages === undefined ? {} : { stages: { ...stages, assessment } })
    expect(event).toMatchObject({
      risk_level_id: id,
      risk_level: level,
      risk_score: 46,
      risk_details: 'risk.new-device.unknown 1.23',
      severity_id: id,
    })
  })

  test('a refusal is never merely informational, a fault of Vigil is high', () => {
    expect(eventOfOutcome({ decision: deny, answer: refusedAnswer(401) })['severity_id']).toBe(2)
    const decision = refusal('unavailable', 'history.store.unavailable')
    expect(eventOfOutcome({ decision, answer: refusedAnswer(503) })['severity_id']).toBe(4)
  })
})

describe('who, what and from where', () => {
  test.each([
    ['GET', 2, 'GET'],
    ['HEAD', 2, 'HEAD'],
    ['POST', 1, 'POST'],
    ['PUT', 3, 'PUT'],
    ['PATCH', 3, 'PATCH'],
    ['DELETE', 4, 'DELETE'],
    ['OPTIONS', 99, 'OPTIONS'],
    ['', 99, 'none'],
  ])('method %s', (method, id, name) => {
    const event = eventOfOutcome({ check: sampleCheck({ method }) })
    expect(event).toMatchObject({ activity_id: id, activity_name: name, type_uid: 600_300 + id })
  })

  test('gRPC says nothing by its method', () => {
    expect(eventOfOutcome({ check: sampleCheck({ method: 'POST', isGrpc: true }) })).toMatchObject({
      activity_id: 99,
      activity_name: 'gRPC',
    })
  })

  test.each([
    ['user', 1],
    ['machine', 4],
    ['agent', 4],
    ['workload', 4],
  ] as const)('a %s', (kind, type) => {
    const event = eventOfOutcome(
      {},
      identified({ credential: sampleCredential({ kind, actor: { subject: 'bot' } }) }),
    )
    expect(event).toMatchObject({
      actor: {
        user: {
          uid: 'alice',
          type_id: type,
          type: kind,
          domain: 'https://idp.example.com',
          org: { uid: 'acme' },
        },
        session: { uid: 's-1', issuer: 'https://idp.example.com' },
        app_uid: 'web',
        authorizations: [{ decision: 'allow', policy: { name: 'default', version: 'c0ffee' } }],
      },
      metadata: { tenant_uid: 'acme' },
      unmapped: {
        actor: { subject: 'bot' },
        binding: { state: 'absent' },
        scopes: ['orders.read', 'orders.write'],
      },
    })
  })

  test.each<[Subject, string]>([
    [{ state: 'anonymous' }, 'anonymous'],
    [{ state: 'refused', failure: 'identity.token.expired' }, 'unknown'],
  ])('nobody that is known', (subject, name) => {
    expect(eventOfOutcome({}, subject)).toMatchObject({ actor: { user: { name, type_id: 0 } } })
  })

  test('a check that no stage has seen', () => {
    const { stages: _stages, ...outcome } = sampleOutcome({ decision: deny, answer: refusedAnswer(403) })
    expect(eventOf(toRecord(outcome, CONTEXT))).toMatchObject({
      actor: { user: { name: 'unknown' } },
      api: { operation: 'unknown', response: { code: 403, error: 'identity.token.expired' } },
      resources: [],
      src_endpoint: { ip: '10.0.0.9' },
    })
  })

  test('request, action and trace', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const check = sampleCheck(
      {},
      { 'user-agent': 'curl/8', 'x-plain': 'x', 'x-request-id': 'r-1', traceparent },
    )
    expect(eventOfOutcome({ check })).toMatchObject({
      time: check.atMs,
      duration: 1,
      metadata: {
        version: '1.8.0',
        uid: check.id,
        correlation_uid: 'r-1',
        event_code: 'policy.default.allowed',
      },
      api: { operation: 'read-orders', request: { uid: 'r-1' }, service: { name: 'api.example.com' } },
      src_endpoint: { ip: '203.0.113.7' },
      dst_endpoint: { name: 'gateway' },
      http_request: {
        http_method: 'GET',
        url: { scheme: 'https', hostname: 'api.example.com', path: '/v1/orders' },
        user_agent: 'curl/8',
        http_headers: [
          { name: 'user-agent', value: 'curl/8' },
          { name: 'x-plain', value: 'x' },
        ],
      },
      http_response: { code: 200 },
      trace: { uid: '0af7651916cd43dd8448eb211c80319c' },
    })
  })
})

describe('altered by a sink', () => {
  test.each([
    ['prefix', '203.0.113.0/24'],
    ['pseudonym', expect.stringMatching(/^p-/)],
  ] as const)('an address as %s stands as a name, because it is none any more', (addresses, shown) => {
    const settings = { pseudonyms: ['subject' as const], addresses }
    const disguise = createDisguise(settings, createNaming(Buffer.alloc(32, 7)))
    if (disguise === undefined) throw new Error('nothing is disguised')
    const event = eventOf(disguised(toRecord(sampleOutcome(), CONTEXT), disguise))
    expect(event['src_endpoint']).toEqual({ name: shown })
    expect(event).toMatchObject({
      actor: { user: { uid: expect.stringMatching(/^p-/) } },
      unmapped: { pseudonyms: ['subject'], addresses },
    })
  })
})
