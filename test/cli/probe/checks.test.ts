import { describe, expect, test } from '@jest/globals'
import { decodeResponse, encodeRequest, type WireCheckResponse } from '../../../src/check/wire.ts'
import { judgeAnswer, type Question, questionOf } from '../../../src/cli/probe/checks.ts'

interface Given {
  readonly code?: number
  readonly status?: number
  readonly effect?: string
  readonly reason?: string
  readonly mode?: string
  readonly degraded?: readonly string[]
}

const text = (stringValue: string) => ({ stringValue })
const list = (values: readonly string[]) => ({ listValue: { values: values.map(text) } })

function response({ code = 0, status = 403, effect, reason, mode, degraded }: Given): WireCheckResponse {
  const fields = {
    ...(effect === undefined ? {} : { effect: text(effect) }),
    ...(reason === undefined ? {} : { reasons: list([reason]) }),
    ...(mode === undefined ? {} : { mode: text(mode) }),
    ...(degraded === undefined ? {} : { degraded: list(degraded) }),
  }
  const denied = { status: { code: status }, headers: [], body: '' }
  return {
    // As it is decoded: proto3 leaves out what is 0.
    status: code === 0 ? {} : { code },
    ...(code === 0 ? {} : { denied_response: denied }),
    dynamic_metadata: { fields },
  } as WireCheckResponse
}

const PASSED: Given = { effect: 'allow', reason: 'policy.action.vigil-probe' }
const REFUSED: Given = { code: 7, effect: 'deny', reason: 'policy.canary.refused' }
const judge = (question: Question, given: Given) => judgeAnswer(question, response(given))

describe('what every Vigil must answer', () => {
  test('the one passes, the other is refused', () => {
    expect(judge('allowed', PASSED)).toMatchObject({ name: 'allowed', isGood: true, notes: [] })
    expect(judge('denied', REFUSED)).toMatchObject({ name: 'denied', isGood: true })
  })

  test('observe mode and a degraded decision are no fault of it, and are told', () => {
    const { isGood, notes } = judge('allowed', { ...PASSED, mode: 'observe', degraded: ['store'] })
    expect(isGood).toBe(true)
    expect(notes).toEqual([expect.stringContaining('Observe mode'), expect.stringContaining('store')])
  })

  test('details are for programs', () => {
    expect(judge('denied', REFUSED).details).toEqual({
      status: 403,
      effect: 'deny',
      reasons: ['policy.canary.refused'],
      decision: undefined,
      mode: undefined,
    })
  })
})

describe('anything else is wrong', () => {
  test.each<[string, Question, Given, RegExp, RegExp]>([
    [
      'a refused caller',
      'allowed',
      { code: 7, effect: 'deny', reason: 'check.caller.refused' },
      /^refused with 403: The Envoy that asked is not on the list of callers\. \(check\.caller\.refused\)$/,
      /^Needed: The SAN of that Envoy/,
    ],
    [
      'a fault',
      'denied',
      { code: 7, status: 503, effect: 'unavailable', reason: 'check.capacity.exceeded' },
      /^refused with 503: Too many checks/,
      /server\.maxInFlight/,
    ],
    [
      'an older Vigil',
      'allowed',
      { code: 16, status: 401, effect: 'deny', reason: 'identity.credential.missing' },
      /^refused with 401/,
      /older than this command/,
    ],
    [
      'a caller that is refused in observe mode',
      'allowed',
      { effect: 'observe', reason: 'check.caller.refused' },
      /^passed in observe mode only: The Envoy that asked/,
      /^Needed: The SAN/,
    ],
    [
      'a canary that passes',
      'denied',
      { effect: 'observe', reason: 'policy.action.unknown' },
      /^passed \(observe, policy\.action\.unknown\), although it must be refused/,
      /older than this command/,
    ],
    ['another service that allows', 'allowed', {}, /not one of Vigil/, /Another ext_authz service/],
    ['another service that allows all', 'denied', {}, /not one of Vigil/, /Another ext_authz service/],
  ])('%s', (_what, question, given, says, fix) => {
    const verdict = judge(question, given)
    expect(verdict.isGood).toBe(false)
    expect(verdict.says).toMatch(says)
    expect(verdict.fix).toMatch(fix)
  })

  test('also an answer without a status, which Envoy takes for a pass', () => {
    const empty = decodeResponse(Buffer.alloc(0))
    expect(judgeAnswer('allowed', empty).isGood).toBe(false)
    expect(judgeAnswer('denied', empty).isGood).toBe(false)
  })
})

test('each question is of its own and can be encoded', () => {
  expect(encodeRequest(questionOf('allowed', 'a'))).not.toEqual(encodeRequest(questionOf('allowed', 'b')))
  expect(encodeRequest(questionOf('denied', 'a')).toString('latin1')).not.toContain('vigil.probe')
})
