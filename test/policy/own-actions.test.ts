import { describe, expect, test } from '@jest/globals'
import { OWN_ACTIONS } from '../../src/model.ts'
import { configOf, decideWith, facts, type Given, past, rule } from './fixtures.ts'

/** Actions of Vigil itself: the gate and hard limits hold, rules do not speak of them. */
describe.each(Object.keys(OWN_ACTIONS))('%s', (name) => {
  const closed = configOf([rule('deny', { when: true })])
  const given: Given = {
    subject: { state: 'anonymous' },
    facts: facts({ name, allowsAnonymous: true }),
  }

  test('passes without a credential, whatever the rules say of persons', () => {
    expect(decideWith(closed, given)).toMatchObject({
      effect: 'allow',
      reasons: [`policy.action.${name}`],
      rule: undefined,
    })
    expect(decideWith(closed, { ...given, facts: facts({ allowsAnonymous: true }) })).toMatchObject({
      effect: 'deny',
    })
  })

  test('the gate holds: a refused credential is refused, a hostile path too', () => {
    const failure = 'identity.token.expired'
    expect(decideWith(closed, { ...given, subject: { state: 'refused', failure } })).toMatchObject({
      failure,
    })
    const refusal = 'check.request.path'
    const hostile = facts({ name, allowsAnonymous: true }, { refusal })
    expect(decideWith(closed, { ...given, facts: hostile })).toMatchObject({ failure: refusal })
  })

  test('hard limits hold', () => {
    const limit = { limit: 'l', max: 1, windowSeconds: 60, used: 2, retryAfterSeconds: 5 }
    expect(decideWith(closed, { ...given, past: past({ limits: [limit] }) })).toMatchObject({
      effect: 'throttle',
    })
  })
})
