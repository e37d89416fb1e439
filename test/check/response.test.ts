import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { encodeResponse } from '../../src/check/encode.ts'
import { isObserved, toCheckResponse } from '../../src/check/response.ts'
import { decodeResponse } from '../../src/check/wire.ts'
import type { Answer, RefusingAnswer } from '../../src/model.ts'
import { ALLOWED, ID } from '../support/edge-samples.ts'

/** What Envoy reads: always from the bytes, never from the object. */
const read = (answer: Answer) => decodeResponse(encodeResponse(toCheckResponse(answer)))

const refusal = (effect: RefusingAnswer['effect'], status: number): RefusingAnswer => ({
  effect,
  status,
  headers: [
    ['www-authenticate', 'DPoP algs="ES256"'],
    ['www-authenticate', 'Bearer'],
  ],
  body: '{"status":1}',
  metadata: { decision: ID },
})

describe('only allow, monitor and observe pass', () => {
  test.each(['allow', 'monitor'] as const)('%s is code 0 with an ok_response', (effect) => {
    const response = read({ ...ALLOWED, effect })
    expect(response.status.code ?? 0).toBe(0)
    expect(response.ok_response).toBeDefined()
    expect(response.denied_response).toBeUndefined()
  })

  test('observe is, too, with the refusal that it would have been, of which nothing is written', () => {
    const response = read({ ...ALLOWED, effect: 'observe', would: refusal('deny', 401) })
    expect(response.status.code ?? 0).toBe(0)
    expect(response.ok_response).toBeDefined()
    expect(JSON.stringify(response)).not.toMatch(/www-authenticate|denied_response/i)
  })

  test.each([
    ['step-up', 401, 16],
    ['deny', 401, 16],
    ['deny', 400, 7],
    ['deny', 403, 7],
    ['deny', 599, 7],
    ['deny', 200, 7],
    ['throttle', 429, 7],
    ['unavailable', 503, 7],
  ] as const)('%s with %i is code %i', (effect, status, code) => {
    const response = read(refusal(effect, status))
    expect(response.status.code).toBe(code)
    expect(response.denied_response?.status.code).toBe(status)
    expect(response.denied_response?.body).toBe('{"status":1}')
    expect(response.ok_response).toBeUndefined()
  })

  test('an own fault is a denied_response, not an error_response that failure_mode_allow would pass', () => {
    expect(Object.keys(read(refusal('unavailable', 503))).sort()).toEqual([
      'denied_response',
      'dynamic_metadata',
      'status',
    ])
  })
})

test('only an observe is one that passes knowingly, whatever else holds a refusal', () => {
  const would = refusal('deny', 401)
  expect(isObserved({ ...ALLOWED, effect: 'observe', would })).toBe(true)
  for (const effect of ['allow', 'deny', 'reply'])
    expect(isObserved({ ...ALLOWED, effect, would } as never)).toBe(false)
})

test('a refusal without a status of its own is 403 with nothing in it', () => {
  const response = read({ effect: 'deny', metadata: {} } as never)
  expect(response.denied_response).toEqual({ status: { code: 403 }, body: '' })
})

test.each([600, 199, 401.5, -1])('%d is no final status: 403', (status) => {
  expect(read(refusal('deny', status)).denied_response?.status.code).toBe(403)
})

describe('an answer that its type forbids never passes', () => {
  const pass = { setHeaders: [], removeHeaders: [], responseHeaders: [], metadata: {} }
  const deny = { status: 403, headers: [], body: '', metadata: {} }
  test.each<[string, unknown]>([
    ['empty', {}],
    ['undefined', undefined],
    ['null', null],
    ['without effect', pass],
    ['an unknown effect', { ...pass, effect: 'permit' }],
    ['a reply with the members of a pass', { ...pass, effect: 'reply' }],
    ['an effect of the prototype', { ...pass, effect: 'constructor' }],
    ['__proto__ as effect', { ...pass, effect: '__proto__' }],
    ['an effect in capitals', { ...pass, effect: 'ALLOW' }],
    ['a list as effect', { ...pass, effect: ['allow'] }],
    ['deny with the members of a pass', { ...pass, effect: 'deny' }],
    ['allow with the members of a refusal', { ...deny, effect: 'allow' }],
    ['observe without the refusal that it would have been', { ...pass, effect: 'observe' }],
    ['observe of what is no refusal', { ...pass, effect: 'observe', would: { ...pass, effect: 'allow' } }],
    ['observe with the members of a refusal', { ...deny, effect: 'observe', would: deny }],
    ['deny with a refusal that it would have been', { ...pass, effect: 'deny', would: deny }],
    ['deny without status', { effect: 'deny', headers: [], body: '', metadata: {} }],
    ['deny with status 0', { ...deny, effect: 'deny', status: 0 }],
    ['deny with a status that is cut to 0', { ...deny, effect: 'deny', status: 2 ** 32 }],
    ['deny with NaN', { ...deny, effect: 'deny', status: Number.NaN }],
    ['deny with a word', { ...deny, effect: 'deny', status: 'Forbidden' }],
    ['deny with 100', { ...deny, effect: 'deny', status: 100 }],
    ['deny with status undefined', { ...deny, effect: 'deny', status: undefined }],
    ['without metadata', { effect: 'deny', status: 403, headers: [], body: '' }],
    ['without headers', { effect: 'deny', status: 403, body: '', metadata: {} }],
  ])('%s', (_what, answer) => {
    let bytes: Buffer | undefined
    try {
      bytes = encodeResponse(toCheckResponse(answer as Answer))
    } catch {
      // The handler turns this into its last resort; nothing was written.
    }
    if (bytes === undefined) return
    const response = decodeResponse(bytes)
    expect([7, 16]).toContain(response.status.code)
    expect(response.ok_response).toBeUndefined()
    expect(response.denied_response?.status.code).toBeGreaterThanOrEqual(200)
  })

  test.each([
    'step-up',
    'throttle',
    'deny',
    'unavailable',
    'narrow',
    'observe',
  ])('%s with the members of a pass is written as 403', (effect) => {
    const response = read({ ...pass, effect } as unknown as Answer)
    expect(response).toMatchObject({ status: { code: 7 }, denied_response: { status: { code: 403 } } })
    expect(response.ok_response).toBeUndefined()
  })

  test('allow with the members of a refusal is written as that refusal', () => {
    const response = read({ ...deny, status: 401, effect: 'allow' } as unknown as Answer)
    expect(response).toMatchObject({ status: { code: 16 }, denied_response: { status: { code: 401 } } })
  })

  test('any value at all', () => {
    const effect = fc.oneof(fc.constantFrom('deny', 'step-up', 'throttle', 'unavailable'), fc.string())
    const property = fc.property(
      fc.record({ effect, status: fc.anything(), body: fc.anything() }),
      (made) => {
        fc.pre(!['allow', 'monitor'].includes(made.effect))
        const answer = { setHeaders: [], headers: [], metadata: {}, ...made } as unknown as Answer
        let code: number | undefined = 7
        try {
          code = read(answer).status.code
        } catch {
          // Nothing was written.
        }
        expect([7, 16]).toContain(code)
      },
    )
    fc.assert(property)
  })
})

describe('headers', () => {
  const response = read({
    ...ALLOWED,
    responseHeaders: [
      ['dpop-nonce', 'n1'],
      ['access-control-expose-headers', 'DPoP-Nonce'],
    ],
  })

  test('identity headers carry append false AND append_action 2, and value, not raw_value', () => {
    expect(response.ok_response?.headers).toEqual([
      {
        header: { key: 'x-vigil-subject', value: 'alice' },
        // Wrapped: an absent BoolValue would mean the default of that Envoy.
        append: { value: false },
        append_action: 2,
      },
    ])
    expect(response.ok_response?.headers_to_remove).toEqual(['x-vigil-hop'])
  })

  test('DPOP-17 a nonce replaces one of an inner Vigil, and a list stays beside the app’s own', () => {
    expect(response.ok_response?.response_headers_to_add).toEqual([
      { header: { key: 'dpop-nonce', value: 'n1' }, append: { value: false }, append_action: 2 },
      { header: { key: 'access-control-expose-headers', value: 'DPoP-Nonce' } },
    ])
  })

  test('headers of a refusal leave append unset, so that both challenges survive', () => {
    expect(read(refusal('deny', 401)).denied_response?.headers).toEqual([
      { header: { key: 'www-authenticate', value: 'DPoP algs="ES256"' } },
      { header: { key: 'www-authenticate', value: 'Bearer' } },
    ])
  })
})

describe('dynamic metadata', () => {
  const metadata = { decision: ID, level: 'low', score: 0.5, reasons: ['a.b', 'c.d'], empty: [] }
  const fields = {
    decision: { stringValue: ID },
    level: { stringValue: 'low' },
    score: { numberValue: 0.5 },
    reasons: { listValue: { values: [{ stringValue: 'a.b' }, { stringValue: 'c.d' }] } },
    empty: { listValue: {} },
  }
  test.each([
    ['pass', { ...ALLOWED, metadata }],
    ['refusal', { ...refusal('deny', 403), metadata }],
  ])('arrives on a %s', (_what, answer) => {
    expect(read(answer).dynamic_metadata).toEqual({ fields })
  })
})
