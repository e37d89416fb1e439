import { expect, test } from '@jest/globals'
import { whyOf } from '../../src/audit/why.ts'
import type { Decision, Subject } from '../../src/model.ts'
import { DECISION_BASE, sampleOutcome } from '../support/edge-samples.ts'

const deny: Decision = { ...DECISION_BASE, effect: 'deny', failure: 'identity.token.expired' }
const refused: Subject = {
  state: 'refused',
  failure: 'identity.token.expired',
  detail: 'exp was 60 s ago; leewaySeconds is 5',
}

test('the sentence of the failure, and what was found behind it', () => {
  const why = whyOf(sampleOutcome({ decision: deny }, refused))
  expect(why).toBe('The token has expired: exp was 60 s ago; leewaySeconds is 5.')
})

test('what is wrong with a token does not explain a refusal for something else', () => {
  const decision: Decision = { ...deny, failure: 'check.request.path' }
  expect(whyOf(sampleOutcome({ decision }, refused))).not.toContain('60 s')
})
