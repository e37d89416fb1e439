import { describe, expect, test } from '@jest/globals'
import { whyOf } from '../../src/audit/why.ts'
import type { Decision, Subject } from '../../src/model.ts'
import { DECISION_BASE, FACTS, refusedAnswer, sampleCheck, sampleOutcome } from '../support/edge-samples.ts'

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

describe('a rule', () => {
  const detail = 'own-accounts-only (Customers move their own money)'
  const byRule = { ...DECISION_BASE, rule: 'own-accounts-only', detail }
  test.each<[string, Decision, string]>([
    [
      'denies',
      { ...byRule, effect: 'deny', failure: 'policy.rule.denied' },
      `A rule denies this request: ${detail}.`,
    ],
    [
      'asks for a pause: that is no habit',
      { ...byRule, effect: 'throttle', retryAfterSeconds: 60 },
      `A rule slows this request down: ${detail}.`,
    ],
    [
      'asks for a login',
      { ...byRule, effect: 'step-up', unmet: { maxAgeSeconds: 0 }, marksChallenge: true },
      `The action needs a stronger or more recent login: ${detail}.`,
    ],
  ])('%s', (_name, decision, why) => {
    expect(whyOf(sampleOutcome({ decision }))).toBe(why)
  })
})

test('a burst is explained by the identity’s habit, a hard limit by its name', () => {
  const throttle = { ...DECISION_BASE, effect: 'throttle', retryAfterSeconds: 60 } as const
  expect(whyOf(sampleOutcome({ decision: throttle }))).toContain('own habit')
  const limit = { limit: 'writes', max: 1, windowSeconds: 60, used: 2, retryAfterSeconds: 60 }
  expect(whyOf(sampleOutcome({ decision: { ...throttle, limit } }))).toBe('The limit writes is used up.')
})

test('what is wrong with a token does not explain a refusal for something else', () => {
  const decision: Decision = { ...deny, failure: 'check.request.path' }
  expect(whyOf(sampleOutcome({ decision }, refused))).not.toContain('60 s')
})

describe('a header that cannot be read is named', () => {
  const decision: Decision = { ...DECISION_BASE, effect: 'deny', failure: 'check.request.header' }
  const sentence = 'A header that may appear once appeared more than once, or is malformed'

  test('by the edge', () => {
    const check = sampleCheck({ malformed: 'check.request.header', malformedDetail: '"x-a" holds a NUL' })
    expect(whyOf(sampleOutcome({ check, decision }))).toBe(`${sentence}: "x-a" holds a NUL.`)
    // Without stages, too: that is how it looks where a fault stopped the pipeline.
    expect(whyOf({ check, decision, answer: refusedAnswer(400) })).toContain('"x-a"')
  })

  test('by what the settings read of it', () => {
    const { stages, ...outcome } = sampleOutcome({ decision })
    if (stages === undefined) throw new Error('the sample has stages')
    const facts = { ...FACTS, refusal: 'check.request.header', refusalDetail: 'x-device-id is long' } as const
    expect(whyOf({ ...outcome, stages: { ...stages, facts } })).toBe(`${sentence}: x-device-id is long.`)
  })
})

test('a call of an unknown tool is told from any other request that matches nothing', () => {
  const decision: Decision = { ...DECISION_BASE, effect: 'deny', failure: 'policy.action.unknown' }
  const { stages, ...outcome } = sampleOutcome({ decision })
  if (stages === undefined) throw new Error('the sample has stages')
  const whyNamed = (name: string) =>
    whyOf({ ...outcome, stages: { ...stages, facts: { ...FACTS, action: { ...FACTS.action, name } } } })
  expect(whyNamed('unknown')).toBe('The request stands for no action of the catalogue.')
  expect(whyNamed('unknown-tool')).toContain('context.mcp.versions')
})
