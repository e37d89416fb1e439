import { describe, expect, test } from '@jest/globals'
import { requestView, toRecord } from '../../src/audit/record.ts'
import { toCheck } from '../../src/check/request.ts'
import type { Decision, LimitReading, Subject } from '../../src/model.ts'
import {
  ALLOW,
  ARRIVAL,
  DECISION_BASE,
  FACTS,
  ID,
  identified,
  PAST,
  refusedAnswer,
  sampleCheck,
  sampleCredential,
  sampleOutcome,
  wireHeaders,
  wireRequest,
} from '../support/edge-samples.ts'

/** Members without a value are left out when a record is written. */
const asWritten = (view: unknown): object => JSON.parse(JSON.stringify(view))
const CONTEXT = { durationUs: 31, config: 'c0ffee', headers: ['x-device-id'] }

test('the record of a passing check', () => {
  const check = sampleCheck(
    { query: 'code=SECRET' },
    {
      'x-device-id': 'd1',
      'x-request-id': 'r1',
      origin: 'https://app.example.com',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    },
  )
  const { tokenId: _id, tokenHash: _hash, confirmation: _cnf, ...credential } = sampleCredential()
  const { entrypoint: _entrypoint, ...facts } = FACTS
  expect(toRecord(sampleOutcome({ check }), CONTEXT)).toEqual({
    v: 1,
    id: ID,
    at: '2026-11-22T09:00:00.000Z',
    durationUs: 31,
    config: 'c0ffee',
    trace: '0af7651916cd43dd8448eb211c80319c',
    caller: { state: 'unverified', sans: [] },
    request: {
      method: 'GET',
      scheme: 'https',
      host: 'api.example.com',
      path: '/v1/orders',
      protocol: 'HTTP/2',
      isGrpc: false,
      requestId: 'r1',
      hasOrigin: true,
      source: '10.0.0.9',
      headers: { 'x-device-id': 'd1' },
    },
    entrypoint: 'gateway',
    subject: {
      state: 'identified',
      credential,
      scheme: 'Bearer',
      binding: { state: 'absent', methods: [], isRequired: false, isCarried: false },
      uses: [],
      isCounted: false,
    },
    facts,
    past: PAST,
    assessment: { score: 0.01, level: 'low', findings: [], failed: [] },
    decision: ALLOW,
    status: 200,
  })
})

test('a check that no stage has seen has a decision and a sentence, and no stages', () => {
  const decision: Decision = {
    ...DECISION_BASE,
    effect: 'unavailable',
    failure: 'check.capacity.exceeded',
    retryAfterSeconds: 1,
  }
  const { stages: _stages, ...outcome } = sampleOutcome({ decision, answer: refusedAnswer(503) })
  const record = toRecord(outcome, CONTEXT)
  expect(record).toMatchObject({ status: 503, why: 'Too many checks were in flight.', decision })
  for (const name of ['entrypoint', 'subject', 'facts', 'past', 'assessment'])
    expect(asWritten(record)).not.toHaveProperty(name)
})

describe('why it did not pass, in one sentence', () => {
  const limit: LimitReading = {
    limit: 'per-subject',
    max: 1,
    windowSeconds: 60,
    used: 2,
    retryAfterSeconds: 9,
  }
  test.each<[string, Decision, string | undefined]>([
    [
      'deny',
      { ...DECISION_BASE, effect: 'deny', failure: 'identity.token.expired' },
      'The token has expired.',
    ],
    [
      'step-up',
      { ...DECISION_BASE, effect: 'step-up', unmet: {}, marksChallenge: false },
      'The action needs a stronger or more recent login.',
    ],
    [
      'quota',
      { ...DECISION_BASE, effect: 'throttle', retryAfterSeconds: 9, limit },
      'The limit per-subject is used up.',
    ],
    [
      'anomaly',
      { ...DECISION_BASE, effect: 'throttle', retryAfterSeconds: 9 },
      'The request does not fit this identity’s own habit.',
    ],
    ['monitor', { ...DECISION_BASE, effect: 'monitor' }, undefined],
  ])('%s', (_what, decision, why) => {
    expect(toRecord(sampleOutcome({ decision }), CONTEXT).why).toBe(why)
  })
})

describe('what an answer or a gate depended on', () => {
  test('a request that was malformed says in what', () => {
    const check = sampleCheck({ malformed: 'check.request.connect' })
    expect(requestView(check, []).malformed).toBe('check.request.connect')
    expect(asWritten(requestView(sampleCheck(), []))).not.toHaveProperty('malformed')
  })

  test('a request id that is too long to be echoed cannot be taken for one that was', () => {
    const idOf = (id: string) => requestView(sampleCheck({}, { 'x-request-id': id }), []).requestId
    expect(idOf('a'.repeat(128))).toBe('a'.repeat(128))
    expect(idOf('a'.repeat(129))).toBe(`${'a'.repeat(128)}…`)
  })

  test('that a nonce went with the answer is told, the nonce is not', () => {
    const refused = { state: 'refused', failure: 'identity.dpop.nonce-required' } as const
    const recordOf = (subject: Subject) => toRecord(sampleOutcome({}, subject), CONTEXT).subject
    for (const subject of [identified(), refused]) {
      expect(asWritten(recordOf(subject))).not.toHaveProperty('hasNextNonce')
      const given = recordOf({ ...subject, nextNonce: 'a-nonce' })
      expect(given).toMatchObject({ hasNextNonce: true })
      expect(JSON.stringify(given)).not.toContain('a-nonce')
    }
  })
})

describe('trace id', () => {
  const id = '0af7651916cd43dd8448eb211c80319c'
  test.each([
    [`00-${id}-b7ad6b7169203331-01`, id],
    [`cc-${id}-b7ad6b7169203331-01-later`, id],
    [`00-${'0'.repeat(32)}-b7ad6b7169203331-01`, undefined],
    [`00-${id}-${'0'.repeat(16)}-01`, undefined],
    [`00-${id.toUpperCase()}-b7ad6b7169203331-01`, undefined],
    [`00-${id}`, undefined],
    ['', undefined],
  ])('%s', (traceparent, trace) => {
    const check = sampleCheck({}, { traceparent })
    expect(toRecord(sampleOutcome({ check }), CONTEXT).trace).toBe(trace)
  })
})

describe('secrets', () => {
  const SECRET = 'hunter2'
  /** A real check with a secret wherever a client can put one. */
  function planted(http: object = {}) {
    const headers = {
      authorization: `DPoP ${SECRET}`,
      'proxy-authorization': SECRET,
      cookie: `session=${SECRET}`,
      dpop: SECRET,
      'x-vigil-hop': SECRET,
      'x-forwarded-client-cert': `By=x;Cert="${SECRET}"`,
      'client-cert': `:${SECRET}:`,
      'sec-websocket-protocol': `bearer, ${SECRET}`,
      'x-other': SECRET,
      traceparent: SECRET,
    }
    const request = wireRequest({
      path: `/v1/orders?access_token=${SECRET}&code=${SECRET}#${SECRET}`,
      headers: wireHeaders(headers),
      ...http,
    })
    const source = { ...request.attributes?.source, certificate: SECRET }
    const fields = { payload: { stringValue: SECRET } }
    const attributes = {
      ...request.attributes,
      source,
      metadata_context: { filter_metadata: { 'envoy.filters.http.jwt_authn': { fields } } },
      context_extensions: { note: SECRET },
    }
    return toCheck({ attributes }, ARRIVAL)
  }
  const subjects: readonly Subject[] = [
    identified({
      credential: sampleCredential({
        tokenId: SECRET,
        tokenHash: SECRET,
        confirmation: { jkt: SECRET, x5t: SECRET },
      }),
      uses: [{ kind: 'proof', name: SECRET, ttlMs: 1, issuedAtMs: 1, mayRepeat: false }],
      nextNonce: SECRET,
    }),
    { state: 'refused', failure: 'identity.token.expired', scheme: 'DPoP', nextNonce: SECRET },
    { state: 'anonymous' },
  ]
  const answers = [
    { ...refusedAnswer(401), headers: [['dpop-nonce', SECRET]] as const, body: SECRET },
    {
      effect: 'allow' as const,
      setHeaders: [['x-vigil-hop', SECRET]] as const,
      removeHeaders: [],
      responseHeaders: [['dpop-nonce', SECRET]] as const,
      metadata: {},
    },
  ]
  /** Even a configuration that lists what it must not. */
  const headers = ['authorization', 'proxy-authorization', 'cookie', 'dpop', 'x-vigil-hop'].concat(
    'x-forwarded-client-cert',
    'client-cert',
    'client-cert-chain',
    'sec-websocket-protocol',
  )

  test('no token, proof, nonce, hash, query, certificate or cookie stands in a record', () => {
    for (const subject of subjects) {
      for (const answer of answers) {
        const outcome = sampleOutcome({ check: planted(), answer }, subject)
        expect(JSON.stringify(toRecord(outcome, { ...CONTEXT, headers }))).not.toContain(SECRET)
      }
    }
  })

  test('a password before the host', () => {
    const check = planted({ host: `user:${SECRET}@api.example.com` })
    expect(JSON.stringify(requestView(check, headers))).not.toContain(SECRET)
  })

  test('the grep would find one', () => {
    const outcome = sampleOutcome({ check: planted() })
    expect(JSON.stringify(toRecord(outcome, { ...CONTEXT, headers: ['x-other'] }))).toContain(SECRET)
  })
})
