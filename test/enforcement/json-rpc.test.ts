import { expect, test } from '@jest/globals'
import type { Decision } from '../../src/model.ts'
import { DECISION_BASE, ID, identified, sampleCheck } from '../support/edge-samples.ts'
import { answer, deny, P } from './answering.ts'

const fault: Decision = {
  ...DECISION_BASE,
  effect: 'unavailable',
  failure: 'check.fault.unexpected',
  retryAfterSeconds: 1,
}
const stepUp: Decision = { ...DECISION_BASE, effect: 'step-up', unmet: { acr: ['a'] }, marksChallenge: true }

test.each<[string, Decision, number, number, boolean]>([
  ['MCP-03 an invalid token', deny('identity.token.expired'), 401, -32001, true],
  ['MCP-04 a missing scope', deny('policy.scope.insufficient', ['a', 'b']), 403, -32001, true],
  ['a rule', deny('policy.rule.denied'), 403, -32001, false],
  ['a step-up', stepUp, 401, -32001, true],
  ['a limit', { ...DECISION_BASE, effect: 'throttle', retryAfterSeconds: 1 }, 429, -32001, false],
  ['malformed', deny('check.request.path'), 400, -32600, true],
  ['our own fault', fault, 503, -32603, false],
])('MCP-08 %s: JSON-RPC with the HTTP status and the challenge of OAuth', (_what, decision, status, code, asks) => {
  const made = answer(decision, identified(), sampleCheck({ form: 'json-rpc' }))
  const headers = new Map(made.headers)
  expect(made.status).toBe(status)
  expect(headers.get('content-type')).toBe('application/json')
  expect(headers.has('www-authenticate')).toBe(asks)
  const { jsonrpc, id, error } = JSON.parse(made.body)
  expect({ jsonrpc, id }).toEqual({ jsonrpc: '2.0', id: null })
  expect(error.code).toBe(code)
  expect(error.data).toMatchObject({ title: error.message, status, instance: `urn:uuid:${ID}` })
  expect(error.data.type.startsWith(P) || status === 429).toBe(true)
})

test('MCP-04 all scopes of the operation stand in one challenge; MCP-05 offline_access is none of them', () => {
  const made = answer(
    deny('policy.scope.insufficient', ['a', 'b']),
    identified(),
    sampleCheck({ form: 'json-rpc' }),
  )
  const challenge = new Map(made.headers).get('www-authenticate')
  expect(challenge).toContain('scope="a b"')
  expect(challenge).not.toContain('offline_access')
})
