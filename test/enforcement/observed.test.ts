import { describe, expect, test } from '@jest/globals'
import { encodeResponse } from '../../src/check/encode.ts'
import { toCheckResponse } from '../../src/check/response.ts'
import { decodeResponse } from '../../src/check/wire.ts'
import { enforce, isProved, observe } from '../../src/enforcement/index.ts'
import { FAILURES, type FailureCode } from '../../src/errors.ts'
import type { Decision, Subject } from '../../src/model.ts'
import {
  ALLOW,
  DECISION_BASE,
  ENTRYPOINT,
  identified,
  refusedAnswer,
  sampleCheck,
} from '../support/edge-samples.ts'
import { config, deny, refused } from './answering.ts'

const CHECK = sampleCheck({}, { 'x-request-id': 'r-1' })
const QUOTA = { limit: 'q', max: 1, windowSeconds: 60, used: 2, retryAfterSeconds: 37 }
const THROTTLE: Decision = { ...DECISION_BASE, effect: 'throttle', retryAfterSeconds: 37, limit: QUOTA }
const STEP_UP: Decision = {
  ...DECISION_BASE,
  effect: 'step-up',
  unmet: { acr: ['phr'] },
  marksChallenge: true,
}
const unavailable = (failure: FailureCode): Decision => ({
  ...DECISION_BASE,
  effect: 'unavailable',
  failure,
  retryAfterSeconds: 1,
})

function observed(decision: Decision, subject: Subject = identified(), hop?: string, check = CHECK) {
  const way = hop === undefined ? undefined : { entrypoint: ENTRYPOINT, hop }
  const would = enforce(decision, check, subject, 'high', way, config)
  const answer = observe(would, decision, check, subject, 'high', way)
  return { would, answer, response: decodeResponse(encodeResponse(toCheckResponse(answer))) }
}

const namesOf = ({ response }: ReturnType<typeof observed>) =>
  (response.ok_response?.headers ?? []).map(({ header }) => header?.key)
const IDENTITY = ['issuer', 'subject', 'tenant', 'session', 'client', 'scope', 'acr'].map(
  (n) => `x-vigil-${n}`,
)
const NAMELESS = ['x-vigil-risk', 'x-vigil-decision']

const REFUSALS: [string, Decision, Subject][] = [
  ['a bad credential', deny('identity.token.expired'), refused('identity.token.expired', 'Bearer')],
  ['no credential', deny('identity.credential.missing', ['a']), { state: 'anonymous' }],
  ['a missing scope', deny('policy.scope.insufficient', ['orders.write']), identified()],
  ['a rule', deny('policy.rule.denied'), identified()],
  ['a step-up', STEP_UP, identified()],
  ['a limit', THROTTLE, identified()],
  ['an own fault', unavailable('history.store.unavailable'), identified()],
]

describe('what would be refused passes, and nothing of the refusal reaches the caller', () => {
  test.each(REFUSALS)('%s', (_what, decision, subject) => {
    const { would, answer, response } = observed(decision, subject)
    expect(answer).toMatchObject({ effect: 'observe', would })
    expect(response.status.code ?? 0).toBe(0)
    expect(response.denied_response).toBeUndefined()
    expect(response.ok_response?.response_headers_to_add ?? []).toEqual([])
    expect(JSON.stringify(response)).not.toMatch(/www-authenticate|retry-after|problem/i)
  })

  test.each(
    REFUSALS,
  )('%s: the metadata tells the mode and what would have been', (_what, decision, subject) => {
    const { would, answer } = observed(decision, subject)
    expect(answer.metadata).toEqual({
      ...would.metadata,
      mode: 'observe',
      effect: 'observe',
      would: decision.effect,
      wouldStatus: 'status' in would && would.status,
    })
  })

  test('what passes anyway is told the mode and is the same otherwise', () => {
    const { would, answer } = observed(ALLOW, identified(), 'a-hop')
    expect(answer).toEqual({ ...would, metadata: { ...would.metadata, mode: 'observe' } })
  })

  test.each([
    [
      'a proof without nonce',
      deny('identity.dpop.nonce-required'),
      refused('identity.dpop.nonce-required', 'DPoP', 'n-1'),
    ],
    ['a nonce that is too old, and a rule', deny('policy.rule.denied'), identified({ nextNonce: 'n-1' })],
  ])('%s: a client learns its nonce from the response that passes (RFC 9449 section 8.2)', (_what, decision, subject) => {
    const { response } = observed(decision, subject)
    const added = response.ok_response?.response_headers_to_add?.map(({ header }) => [
      header?.key,
      header?.value,
    ])
    expect(added).toEqual([
      ['dpop-nonce', 'n-1'],
      ['cache-control', 'no-store'],
    ])
  })
})

describe('identity headers', () => {
  const forged = [...IDENTITY, 'x-vigil-hop', 'x-vigil-assertion']

  test.each<[string, Decision]>([
    ['a missing scope', deny('policy.scope.insufficient', ['orders.write'])],
    ['a rule', deny('policy.rule.denied')],
    ['an unknown action', deny('policy.action.unknown')],
    ['the risk', deny('policy.default.denied')],
    ['a step-up', STEP_UP],
    ['a limit', THROTTLE],
    ['the store', unavailable('history.store.unavailable')],
  ])('%s: the subject has passed the gate of who it is, so the upstream is told', (_what, decision) => {
    const told = observed(decision, identified(), 'a-hop')
    expect(namesOf(told)).toEqual([...IDENTITY, ...NAMELESS, 'x-vigil-hop'])
    expect(told.response.ok_response?.headers_to_remove).toContain('x_vigil_subject')
  })

  test.each<FailureCode>([
    'policy.authentication.impossible',
    'policy.authentication.looping',
    'policy.rule.error',
    'policy.rule.unknown',
  ])('%s: no doubt of who asks either', (failure) => {
    expect(namesOf(observed(deny(failure), identified()))).toEqual([...IDENTITY, ...NAMELESS])
  })

  test.each(
    Object.keys(FAILURES).filter((code) => !/^policy\.|^history\.store/.test(code)) as FailureCode[],
  )('%s: nobody knows whose request it is, so nobody is told, whatever the token says', (failure) => {
    const told = observed(deny(failure), identified())
    expect(namesOf(told)).toEqual(NAMELESS)
    for (const name of forged) expect(told.response.ok_response?.headers_to_remove).toContain(name)
  })

  test('a refused credential has no name, and what the client sent under these names is removed', () => {
    const told = observed(deny('identity.token.signature'), refused('identity.token.signature', 'Bearer'))
    expect(namesOf(told)).toEqual(NAMELESS)
    for (const name of forged) expect(told.response.ok_response?.headers_to_remove).toContain(name)
  })

  test('a token that should be bound and is not has no name, whatever refuses it', () => {
    const binding = { state: 'absent', methods: [], isRequired: true, isCarried: false } as const
    for (const decision of [deny('identity.binding.absent'), deny('policy.rule.denied'), THROTTLE, STEP_UP])
      expect(namesOf(observed(decision, identified({ binding })))).toEqual(NAMELESS)
  })

  test('one that should be bound, and is, has its name after a refusal of rights', () => {
    const binding = { methods: ['dpop'], isRequired: true, isCarried: false } as const
    const proved = identified({ binding: { ...binding, state: 'verified' } })
    expect(isProved(deny('policy.rule.denied'), proved)).toBe(true)
    const absent = identified({ binding: { ...binding, state: 'absent' } })
    expect(isProved(deny('policy.rule.denied'), absent)).toBe(false)
  })

  test('a risk that nobody assessed is not told', () => {
    const decision = unavailable('check.deadline.exceeded')
    const nobody: Subject = { state: 'anonymous' }
    const would = enforce(decision, CHECK, nobody, 'critical', undefined, config)
    const answer = observe(would, decision, CHECK, nobody, undefined, undefined)
    expect('setHeaders' in answer && answer.setHeaders).toEqual([['x-vigil-decision', CHECK.id]])
    expect('removeHeaders' in answer && answer.removeHeaders).toContain('x-vigil-risk')
  })
})

test('what this service itself has to tell is told in either mode', () => {
  const reply = { effect: 'reply', status: 200, headers: [], body: '{}', metadata: {} } as const
  const answer = observe(reply, { ...DECISION_BASE, effect: 'allow' }, CHECK, identified(), 'low', undefined)
  expect(answer).toEqual({ ...reply, metadata: { mode: 'observe' } })
})

test('MCP-02 an entrypoint that forwards no credential forwards none of a refusal that passes either', () => {
  const entrypoint = { ...ENTRYPOINT, forwardsCredential: false }
  const decision: Decision = { ...DECISION_BASE, effect: 'deny', failure: 'policy.rule.denied' }
  const answer = observe(refusedAnswer(), decision, CHECK, identified(), 'high', { entrypoint })
  expect('removeHeaders' in answer && answer.removeHeaders).toContain('authorization')
})
