import { describe, expect, test } from '@jest/globals'
import type { Decision, Requirement } from '../../src/model.ts'
import { readDetails } from '../harness/rpc-status.ts'
import { DECISION_BASE, ID, identified, sampleCheck } from '../support/edge-samples.ts'
import { answer, deny } from './answering.ts'

const quota: Decision = {
  ...DECISION_BASE,
  effect: 'throttle',
  retryAfterSeconds: 37,
  limit: { limit: 'per-subject', max: 1, windowSeconds: 60, used: 2, retryAfterSeconds: 37 },
}
const anomaly: Decision = { ...DECISION_BASE, effect: 'throttle', retryAfterSeconds: 37 }
const stepUp = {
  ...DECISION_BASE,
  effect: 'step-up' as const,
  unmet: { acr: ['phrh', 'phr'], maxAgeSeconds: 5 },
  marksChallenge: true,
}
const stepUpTo = (unmet: Requirement): Decision => ({ ...stepUp, unmet })
const fault: Decision = {
  ...DECISION_BASE,
  effect: 'unavailable',
  failure: 'check.fault.unexpected',
  retryAfterSeconds: 2,
}

const told = (decision: Decision, contentType: string, headers: Record<string, string> = {}) => {
  const isGrpc = contentType === 'application/grpc'
  const check = sampleCheck({ isGrpc }, { 'content-type': contentType, ...headers })
  const made = answer(decision, identified(), check)
  return { ...made, of: new Map(made.headers) }
}

/** Decision, gRPC status, name of the same in Connect, HTTP status, reason, metadata besides the decision id, wait. */
const CASES: readonly [Decision, number, string, number, string, Record<string, string>, number?][] = [
  [deny('identity.credential.missing'), 16, 'unauthenticated', 401, 'AUTHENTICATION_REQUIRED', {}],
  [deny('identity.token.expired'), 16, 'unauthenticated', 401, 'INVALID_TOKEN', {}],
  [deny('identity.dpop.key-binding'), 16, 'unauthenticated', 401, 'INVALID_TOKEN', {}],
  [deny('identity.dpop.replayed'), 16, 'unauthenticated', 401, 'INVALID_DPOP_PROOF', {}],
  [deny('identity.dpop.nonce-required'), 16, 'unauthenticated', 401, 'DPOP_NONCE_REQUIRED', {}],
  [stepUp, 16, 'unauthenticated', 401, 'STEP_UP_REQUIRED', { acr_values: 'phrh phr', max_age: '5' }],
  [stepUpTo({ acr: ['phr'] }), 16, 'unauthenticated', 401, 'STEP_UP_REQUIRED', { acr_values: 'phr' }],
  [stepUpTo({ maxAgeSeconds: 0 }), 16, 'unauthenticated', 401, 'STEP_UP_REQUIRED', { max_age: '0' }],
  [
    deny('policy.scope.insufficient', ['a', 'b']),
    7,
    'permission_denied',
    403,
    'INSUFFICIENT_SCOPE',
    { scope: 'a b' },
  ],
  [deny('policy.rule.denied'), 7, 'permission_denied', 403, 'ACCESS_DENIED', {}],
  [deny('policy.canary.refused'), 7, 'permission_denied', 403, 'CANARY', {}],
  [deny('check.request.path'), 3, 'invalid_argument', 400, 'INVALID_REQUEST', {}],
  [deny('check.request.oversized'), 8, 'resource_exhausted', 413, 'REQUEST_TOO_LARGE', {}],
  [quota, 8, 'resource_exhausted', 429, 'RATE_LIMITED', {}, 37],
  [fault, 14, 'unavailable', 503, 'UNAVAILABLE', {}, 2],
]
const infoOf = (reason: string, metadata: Record<string, string>) => ({
  reason,
  domain: 'vigil',
  metadata: { ...metadata, decision_id: ID },
})

describe.each(CASES)('%j', (decision, code, name, http, reason, metadata, wait) => {
  const retry = wait === undefined ? {} : { RetryInfo: { retry_delay: { seconds: wait } } }
  const details = (message: string) => ({ code, message, ErrorInfo: infoOf(reason, metadata), ...retry })

  test('gRPC: the details name the reason and what the challenge asks for', () => {
    const { status, body, of } = told(decision, 'application/grpc')
    expect(status).toBe(http)
    expect(of.get('grpc-status') ?? String(code)).toBe(String(code))
    expect(readDetails(of.get('grpc-status-details-bin') ?? '')).toEqual(details(body))
    expect(of.get('grpc-retry-pushback-ms')).toBe(code === 8 && wait ? `${wait}000` : undefined)
  })

  test('gRPC-Web: HTTP 200 with the trailers in the headers, challenge included', () => {
    const { status, body, of } = told(decision, 'application/grpc-web+proto')
    expect({ status, body, type: of.get('content-type') }).toEqual({
      status: 200,
      body: '',
      type: 'application/grpc-web+proto',
    })
    expect(of.get('grpc-status')).toBe(String(code))
    const message = of.get('grpc-message') ?? ''
    expect(message).toMatch(/^[a-z -]+$/i)
    expect(readDetails(of.get('grpc-status-details-bin') ?? '')).toEqual(details(message))
    expect(of.has('www-authenticate')).toBe(told(decision, 'text/plain').of.has('www-authenticate'))
  })

  test('gRPC-Web in base64: the same trailers once more as a frame', () => {
    const { status, body, of } = told(decision, 'application/grpc-web-text')
    expect([status, of.get('content-type')]).toEqual([200, 'application/grpc-web-text+proto'])
    const frame = Buffer.from(body, 'base64')
    expect([frame[0], frame.readUInt32BE(1)]).toEqual([0x80, frame.length - 5])
    const trailers = frame.subarray(5).toString('latin1').split('\r\n').slice(0, -1)
    expect(trailers).toContain(`grpc-status: ${code}`)
    expect(trailers).toContain(`grpc-status-details-bin: ${of.get('grpc-status-details-bin')}`)
  })

  test('Connect, unary: the error as JSON with the HTTP status of its code', () => {
    for (const type of ['application/json', 'application/proto']) {
      const { status, body, of } = told(decision, type, { 'connect-protocol-version': '1' })
      expect([status, of.get('content-type')]).toEqual([http, 'application/json'])
      const error = JSON.parse(body)
      expect(error.code).toBe(name)
      expect(error.details[0].type).toBe('google.rpc.ErrorInfo')
      expect(error.details).toHaveLength(wait === undefined ? 1 : 2)
      expect(error.details[1]?.type).toBe(wait === undefined ? undefined : 'google.rpc.RetryInfo')
      expect(Object.keys(error)).toEqual(['code', 'message', 'details'])
    }
  })

  test.each([
    'json',
    'proto',
  ])('Connect, stream of %s: HTTP 200, one envelope that is text to Envoy', (type) => {
    const { status, body, of } = told(decision, `application/connect+${type}`)
    expect([status, of.get('content-type')]).toEqual([200, `application/connect+${type}`])
    const bytes = Buffer.from(body, 'utf8')
    expect(bytes.every((byte) => byte < 0x80)).toBe(true)
    expect([bytes[0], bytes.readUInt32BE(1)]).toEqual([2, bytes.length - 5])
    expect(JSON.parse(bytes.subarray(5).toString())).toMatchObject({ error: { code: name } })
  })
})

test('abnormal usage is told without a limit', () => {
  const { of, body } = told(anomaly, 'application/grpc')
  expect(body).toBe('abnormal usage')
  expect(told(quota, 'application/grpc').body).toBe('rate limit exceeded')
  expect(readDetails(of.get('grpc-status-details-bin') ?? '')).toMatchObject({
    ErrorInfo: infoOf('ABNORMAL_USAGE', {}),
  })
})

test('a script may read the status of gRPC-Web from another origin', () => {
  const { of } = told(deny('policy.rule.denied'), 'application/grpc-web', { origin: 'https://a.example' })
  expect(of.get('access-control-expose-headers')).toBe(
    'WWW-Authenticate, DPoP-Nonce, Retry-After, grpc-status, grpc-message, grpc-status-details-bin',
  )
})

test.each([
  'application/grpc-webx',
  'application/connect+xml',
  'application/proto',
  'text/application/grpc-web',
  '',
])('content type %j is plain HTTP', (type) => {
  expect(told(deny('policy.rule.denied'), type).of.get('content-type')).toBe('application/problem+json')
})
