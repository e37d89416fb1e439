import { describe, expect, test } from '@jest/globals'
import { enforcementSettings } from '../../src/config/schema/decision.ts'
import { identitySettings } from '../../src/config/schema/identity.ts'
import { compileEnforcement, enforce } from '../../src/enforcement/index.ts'
import type { FailureCode } from '../../src/errors.ts'
import type { Answer, Check, Decision, LimitReading, Scheme, Subject } from '../../src/model.ts'
import { DECISION_BASE, ID, identified, sampleCheck } from '../support/edge-samples.ts'

const P = 'https://docs.example.com/problems/'
const issuer = {
  issuer: 'https://idp.example.com',
  audiences: ['https://api.example.com'],
  jwks: { uri: 'https://idp.example.com/jwks' },
}
const config = compileEnforcement(
  enforcementSettings.parse({ problemBase: P }),
  identitySettings.parse({ issuers: [issuer] }),
)
const ALGS = 'ES256 Ed25519 PS256'

const deny = (failure: FailureCode, scopes?: readonly string[]): Decision => ({
  ...DECISION_BASE,
  effect: 'deny',
  failure,
  reasons: [failure],
  rule: 'secret-rule-name',
  ...(scopes === undefined ? {} : { scopes }),
})
const refused = (failure: FailureCode, scheme?: Scheme, nextNonce?: string): Subject => ({
  state: 'refused',
  failure,
  ...(scheme === undefined ? {} : { scheme }),
  ...(nextNonce === undefined ? {} : { nextNonce }),
})
type Refusal = Extract<Answer, { status: number }>

function answer(decision: Decision, subject: Subject = identified(), check: Check = sampleCheck()): Refusal {
  const made = enforce(decision, check, subject, 'high', undefined, config)
  if (!('status' in made)) throw new Error('it passes')
  return made
}

const JSON_HEADERS = [
  ['cache-control', 'no-store'],
  ['content-type', 'application/problem+json'],
] as const
const body = (text: string) => text.replace('{P}', P).replace('{ID}', ID)

describe('RFC 6750, 9449, 9470, 9457: answers byte for byte', () => {
  const cases: readonly [
    string,
    Decision,
    Subject,
    number,
    readonly (readonly [string, string])[],
    string,
  ][] = [
    [
      '5.1 BR-01 no credentials: two challenges without error code, each with a parameter (RFC 6750 section 3)',
      deny('identity.credential.missing'),
      refused('identity.credential.missing'),
      401,
      [
        ['www-authenticate', `DPoP algs="${ALGS}"`],
        ['www-authenticate', 'Bearer realm="vigil"'],
      ],
      '{"type":"{P}authentication-required","title":"Authentication required","status":401,"instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.1 with the scopes of the action: in the Bearer challenge, not in the body',
      deny('identity.credential.missing', ['orders.read']),
      refused('identity.credential.missing'),
      401,
      [
        ['www-authenticate', `DPoP algs="${ALGS}"`],
        ['www-authenticate', 'Bearer scope="orders.read"'],
      ],
      '{"type":"{P}authentication-required","title":"Authentication required","status":401,"instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.8 BR-02 two credentials',
      deny('identity.credential.multiple'),
      refused('identity.credential.multiple'),
      400,
      (['DPoP', 'Bearer'] as const).map((scheme) => [
        'www-authenticate',
        `${scheme} error="invalid_request", error_description="The request is malformed or carries more than one credential"${scheme === 'DPoP' ? `, algs="${ALGS}"` : ''}`,
      ]),
      '{"type":"{P}invalid-request","title":"Invalid request","status":400,"error":"invalid_request","instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.2 BR-03 an invalid token, in the scheme that was used (BR-07)',
      deny('identity.token.expired'),
      refused('identity.token.expired', 'Bearer'),
      401,
      [
        [
          'www-authenticate',
          'Bearer error="invalid_token", error_description="The access token is invalid or expired"',
        ],
      ],
      '{"type":"{P}invalid-token","title":"Invalid access token","status":401,"error":"invalid_token","instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.2 BR-07 the same in the DPoP scheme',
      deny('identity.token.signature'),
      refused('identity.token.signature', 'DPoP'),
      401,
      [
        [
          'www-authenticate',
          `DPoP error="invalid_token", error_description="The access token is invalid or expired", algs="${ALGS}"`,
        ],
      ],
      '{"type":"{P}invalid-token","title":"Invalid access token","status":401,"error":"invalid_token","instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.2 DPOP-13 another key: RFC 9449 section 7.1',
      deny('identity.dpop.key-binding'),
      refused('identity.dpop.key-binding', 'DPoP'),
      401,
      [
        [
          'www-authenticate',
          `DPoP error="invalid_token", error_description="Invalid DPoP key binding", algs="${ALGS}"`,
        ],
      ],
      '{"type":"{P}invalid-token","title":"Invalid access token","status":401,"error":"invalid_token","instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.2 a bad proof',
      deny('identity.dpop.replayed'),
      identified({ scheme: 'DPoP' }),
      401,
      [
        [
          'www-authenticate',
          `DPoP error="invalid_dpop_proof", error_description="The DPoP proof is missing or invalid", algs="${ALGS}"`,
        ],
      ],
      '{"type":"{P}invalid-dpop-proof","title":"Invalid DPoP proof","status":401,"error":"invalid_dpop_proof","instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.3 SU-01 SU-02 SU-06 step-up: both parameters, acr in order of preference',
      {
        ...DECISION_BASE,
        effect: 'step-up',
        unmet: { acr: ['phrh', 'phr'], maxAgeSeconds: 300 },
        marksChallenge: true,
      },
      identified(),
      401,
      [
        [
          'www-authenticate',
          'Bearer error="insufficient_user_authentication", error_description="A different authentication level is required", acr_values="phrh phr", max_age="300"',
        ],
      ],
      '{"type":"{P}step-up-required","title":"Stronger or more recent authentication required","status":401,"error":"insufficient_user_authentication","acr_values":["phrh","phr"],"max_age":300,"instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.3 SU-04 only the level is unmet: no max_age',
      { ...DECISION_BASE, effect: 'step-up', unmet: { acr: ['phr'] }, marksChallenge: true },
      identified(),
      401,
      [
        [
          'www-authenticate',
          'Bearer error="insufficient_user_authentication", error_description="A different authentication level is required", acr_values="phr"',
        ],
      ],
      '{"type":"{P}step-up-required","title":"Stronger or more recent authentication required","status":401,"error":"insufficient_user_authentication","acr_values":["phr"],"instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.3 SU-03 only freshness is unmet, and max_age 0 is said',
      { ...DECISION_BASE, effect: 'step-up', unmet: { maxAgeSeconds: 0 }, marksChallenge: true },
      identified({ scheme: 'DPoP' }),
      401,
      [
        [
          'www-authenticate',
          `DPoP error="insufficient_user_authentication", error_description="More recent authentication is required", max_age="0", algs="${ALGS}"`,
        ],
      ],
      '{"type":"{P}step-up-required","title":"Stronger or more recent authentication required","status":401,"error":"insufficient_user_authentication","max_age":0,"instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.4 DPOP-10 DPOP-17 a nonce is asked for, exactly one',
      deny('identity.dpop.nonce-required'),
      refused('identity.dpop.nonce-required', 'DPoP', '4mF1n8yW0bq'),
      401,
      [
        [
          'www-authenticate',
          `DPoP error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof", algs="${ALGS}"`,
        ],
        ['dpop-nonce', '4mF1n8yW0bq'],
      ],
      '{"type":"{P}dpop-nonce-required","title":"DPoP nonce required","status":401,"error":"use_dpop_nonce","instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.5 BR-04 insufficient scope: all scopes at once',
      deny('policy.scope.insufficient', ['orders.write', 'orders.read']),
      identified(),
      403,
      [
        [
          'www-authenticate',
          'Bearer error="insufficient_scope", error_description="The request requires higher privileges than provided by the access token", scope="orders.write orders.read"',
        ],
      ],
      '{"type":"{P}insufficient-scope","title":"Insufficient scope","status":403,"error":"insufficient_scope","scope":"orders.write orders.read","instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.6 a policy denial: no challenge',
      deny('policy.rule.denied'),
      identified(),
      403,
      [],
      '{"type":"{P}access-denied","title":"Access denied","status":403,"detail":"This request was refused by policy. Quote the instance identifier to support.","instance":"urn:uuid:{ID}"}',
    ],
    [
      'a check that is too large: 413, no challenge',
      deny('check.request.oversized'),
      { state: 'anonymous' },
      413,
      [],
      '{"type":"{P}request-too-large","title":"Request too large","status":413,"instance":"urn:uuid:{ID}"}',
    ],
    [
      '5.8 own fault: 503, no challenge, so that the client keeps its token',
      { ...DECISION_BASE, effect: 'unavailable', failure: 'history.store.unavailable', retryAfterSeconds: 2 },
      identified(),
      503,
      [['retry-after', '2']],
      '{"type":"{P}unavailable","title":"Service unavailable","status":503,"instance":"urn:uuid:{ID}"}',
    ],
  ]
  test.each(cases)('%s', (_what, decision, subject, status, headers, text) => {
    const made = answer(decision, subject)
    expect(made.status).toBe(status)
    expect(made.headers).toEqual([...headers, ...JSON_HEADERS])
    expect(made.body).toBe(body(text))
  })

  test('revocation and expiry, policy and risk look the same: no oracle', () => {
    const same = (one: FailureCode, two: FailureCode) => {
      const [a, b] = [one, two].map((failure) => answer(deny(failure), refused(failure, 'Bearer')))
      expect({ ...a, metadata: {} }).toEqual({ ...b, metadata: {} })
    }
    same('identity.token.expired', 'identity.token.signature')
    same('identity.token.unknown-issuer', 'identity.token.audience')
    same('policy.rule.denied', 'policy.default.denied')
    same('policy.rule.denied', 'check.caller.refused')
  })
})

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
