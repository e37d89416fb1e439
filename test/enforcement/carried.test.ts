import { describe, expect, test } from '@jest/globals'
import { enforcementSettings } from '../../src/config/schema/enforcement.ts'
import { identitySettings } from '../../src/config/schema/identity.ts'
import { compileEnforcement, enforce } from '../../src/enforcement/index.ts'
import type { Decision, LimitReading } from '../../src/model.ts'
import { DECISION_BASE, ID, identified, sampleCheck } from '../support/edge-samples.ts'
import { answer, body, config, deny, JSON_HEADERS } from './answering.ts'

describe('5.7 throttle', () => {
  const limit: LimitReading = {
    limit: 'per-subject',
    max: 120,
    windowSeconds: 60,
    used: 121,
    retryAfterSeconds: 37,
  }
  const quota: Decision = { ...DECISION_BASE, effect: 'throttle', retryAfterSeconds: 37, limit }
  const anomaly: Decision = { ...DECISION_BASE, effect: 'throttle', retryAfterSeconds: 60 }

  test('a quota names itself and tells when', () => {
    expect(answer(quota)).toMatchObject({
      status: 429,
      headers: [['retry-after', '37'], ...JSON_HEADERS],
      body: body(
        '{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","title":"Request cannot be satisfied as assigned quota has been exceeded","status":429,"violated-policies":["per-subject"],"instance":"urn:uuid:{ID}"}',
      ),
    })
  })

  test('RateLimit fields are a draft and so behind a switch', () => {
    const draft = enforce(quota, sampleCheck(), identified(), 'low', undefined, {
      ...config,
      rateLimitHeaders: true,
    })
    expect('status' in draft && draft.headers.slice(0, 3)).toEqual([
      ['retry-after', '37'],
      ['ratelimit-policy', '"per-subject";q=120;w=60'],
      ['ratelimit', '"per-subject";r=0;t=37'],
    ])
  })

  test('abnormal usage tells no limit, and its wait is spread', () => {
    const waits = ['0000', '8000', 'ffff'].map((tail) => {
      const made = enforce(
        anomaly,
        sampleCheck({ id: `${ID.slice(0, -4)}${tail}` }),
        identified(),
        'high',
        undefined,
        {
          ...config,
          rateLimitHeaders: true,
        },
      )
      if (!('status' in made)) throw new Error('it passes')
      expect(made.headers.map(([name]) => name)).toEqual(['retry-after', 'cache-control', 'content-type'])
      expect(made.body).toContain('#abnormal-usage-detected')
      return Number(made.headers[0]?.[1])
    })
    expect(waits).toEqual([60, 68, 75])
  })

  test.each([
    [0, '1'],
    [0.2, '1'],
    [1.5, '2'],
  ])('a wait of %d s is told as %s', (retryAfterSeconds, told) => {
    expect(answer({ ...quota, retryAfterSeconds }).headers[0]).toEqual(['retry-after', told])
  })
})

describe('section 6: gRPC callers', () => {
  const grpc = sampleCheck({ isGrpc: true })
  const quota: Decision = { ...DECISION_BASE, effect: 'throttle', retryAfterSeconds: 37 }
  const stepUp: Decision = {
    ...DECISION_BASE,
    effect: 'step-up',
    unmet: { maxAgeSeconds: 5 },
    marksChallenge: true,
  }
  const fault: Decision = {
    ...DECISION_BASE,
    effect: 'unavailable',
    failure: 'check.fault.unexpected',
    retryAfterSeconds: 1,
  }
  test.each<[string, Decision, number, string, string | undefined, readonly string[]]>([
    ['401', deny('identity.token.expired'), 401, 'invalid access token', undefined, ['www-authenticate']],
    ['step-up', stepUp, 401, 'step-up authentication required', undefined, ['www-authenticate']],
    [
      'scope',
      deny('policy.scope.insufficient', ['a']),
      403,
      'insufficient scope',
      undefined,
      ['www-authenticate'],
    ],
    ['policy', deny('policy.rule.denied'), 403, 'access denied', undefined, []],
    ['malformed', deny('check.request.path'), 400, 'invalid request', '3', ['www-authenticate']],
    ['rate', quota, 429, 'abnormal usage', '8', ['retry-after', 'grpc-retry-pushback-ms']],
    ['fault', fault, 503, 'authorization unavailable', undefined, ['retry-after']],
  ])('%s: short plain text and the right status', (_what, decision, status, text, grpcStatus, names) => {
    const made = answer(decision, identified(), grpc)
    const headers = new Map(made.headers)
    expect(made).toMatchObject({ status, body: text })
    expect(headers.get('grpc-status')).toBe(grpcStatus)
    expect([...headers.keys()]).toEqual(expect.arrayContaining([...names]))
    expect(headers.has('content-type')).toBe(false)
    expect(headers.has('www-authenticate')).toBe(names.includes('www-authenticate'))
  })

  test('the pushback is the wait in milliseconds', () => {
    const headers = new Map(answer(quota, identified(), grpc).headers)
    expect(headers.get('grpc-retry-pushback-ms')).toBe(`${headers.get('retry-after')}000`)
  })
})

describe('what every refusal carries', () => {
  const made = (headers: Record<string, string>) =>
    new Map(answer(deny('policy.rule.denied'), identified(), sampleCheck({}, headers)).headers)

  test('DPOP-19 browsers may read the headers they need', () => {
    const expose = 'access-control-expose-headers'
    expect(made({ origin: 'https://app.example.com' }).get(expose)).toBe(
      'WWW-Authenticate, DPoP-Nonce, Retry-After',
    )
    expect(made({}).has(expose)).toBe(false)
  })

  test('the request id comes back when it is harmless', () => {
    expect(made({ 'x-request-id': 'r-1' }).get('x-request-id')).toBe('r-1')
    for (const id of ['a b', 'a\r\nx: y', 'é', 'x'.repeat(129), ''])
      expect(made({ 'x-request-id': id }).has('x-request-id')).toBe(false)
  })

  test('BR-06 only the permitted characters stand inside quotes', () => {
    const odd = compileEnforcement(
      enforcementSettings.parse({ realm: 'a"b\\c\u0000d\r\ne é' }),
      identitySettings.parse({}),
    )
    const made = enforce(
      deny('identity.credential.missing'),
      sampleCheck(),
      { state: 'anonymous' },
      'low',
      undefined,
      odd,
    )
    expect('status' in made && made.headers.slice(0, 2)).toEqual([
      ['www-authenticate', 'DPoP realm="abcde ", algs="ES256"'],
      ['www-authenticate', 'Bearer realm="abcde "'],
    ])
  })

  test('no rule, reason, score, subject, token or path in body or headers', () => {
    const subject = identified()
    const failures = ['policy.rule.denied', 'identity.token.expired', 'policy.scope.insufficient'] as const
    for (const isGrpc of [true, false]) {
      for (const failure of failures) {
        const check = sampleCheck(
          { isGrpc },
          { authorization: 'Bearer SECRET', dpop: 'SECRET', cookie: 'SECRET' },
        )
        const { headers, body: text } = answer(deny(failure), subject, check)
        const told = `${text}${JSON.stringify(headers)}`
        for (const secret of [
          'SECRET',
          'secret',
          'alice',
          failure,
          'orders.read',
          'idp.example',
          '/v1/orders',
        ])
          expect(told).not.toContain(secret)
      }
    }
  })

  test('challenges stay below 1 KiB', () => {
    const made = answer(deny('policy.scope.insufficient', ['orders.write', 'orders.read']))
    for (const [, value] of made.headers) expect(value.length).toBeLessThan(1024)
  })
})
