import { describe, expect, test } from '@jest/globals'
import type { Subject } from '../../src/model.ts'
import { decideBy, ERROR, facts, type RuleInput, subject } from './fixtures.ts'

const DENY: RuleInput = { name: 'new-rule', when: true, effect: 'deny' }
const MATCH = { rule: 'new-rule', effect: 'deny', outcome: 'match', wouldDecide: true }
const inShadow = (shadow: RuleInput['shadow'], of: Subject, more: Partial<RuleInput> = {}) =>
  decideBy([{ ...DENY, shadow, ...more }], { subject: of, facts: facts({ allowsAnonymous: true }) })
const sessionOf = (id: string) => subject({ tenant: 'acme', session: { id, isDerived: false } })
const ENFORCED = { effect: 'deny', rule: 'new-rule', shadow: [] }
const WATCHED = { effect: 'allow', shadow: [MATCH] }
const NOBODY: Subject = { state: 'anonymous' }

describe('a rule in shadow for some tenants is enforced for all others', () => {
  test.each<[string, Subject, object]>([
    ['one of them', subject({ tenant: 'acme' }), WATCHED],
    ['another', subject({ tenant: 'globex' }), ENFORCED],
    ['none', subject({ tenant: '' }), ENFORCED],
    ['who is not identified', NOBODY, ENFORCED],
  ])('%s', (_what, of, expected) => {
    expect(inShadow({ tenants: ['acme', 'initech'] }, of)).toMatchObject(expected)
  })

  test('what goes wrong is recorded for them and denies for the others', () => {
    const more = { when: ERROR, effect: 'allow' }
    expect(inShadow({ tenants: ['acme'] }, subject({ tenant: 'acme' }), more)).toMatchObject({
      effect: 'allow',
      shadow: [{ outcome: 'error', wouldDecide: true }],
    })
    expect(inShadow({ tenants: ['acme'] }, subject({ tenant: 'globex' }), more)).toMatchObject({
      failure: 'policy.rule.error',
    })
  })

  test('behind the rule that decides it is still recorded for them, and not for the others', () => {
    const rules: RuleInput[] = [
      { name: 'first', when: true, effect: 'monitor' },
      { ...DENY, shadow: { tenants: ['acme'] } },
    ]
    const told = (tenant: string) => decideBy(rules, { subject: subject({ tenant }) })
    expect(told('acme')).toMatchObject({ rule: 'first', shadow: [{ ...MATCH, wouldDecide: false }] })
    expect(told('globex')).toMatchObject({ rule: 'first', shadow: [] })
  })
})

describe('a rule in shadow for a share of the sessions is enforced for the rest', () => {
  const ids = Array.from({ length: 1000 }, (_, i) => `session ${i}`)
  const watched = (percentage: number, name = 'new-rule') =>
    ids.filter((id) => inShadow({ percentage }, sessionOf(id), { name }).effect === 'allow')

  test.each([5, 50, 95])('%d %%', (percentage) => {
    const share = watched(percentage)
    expect(Math.abs(share.length / ids.length - percentage / 100)).toBeLessThan(0.05)
    const more = new Set(watched(percentage + 5))
    expect(share.every((id) => more.has(id))).toBe(true)
  })

  test('0 is enforced for all, 100 is shadow for all', () => {
    expect(watched(0)).toEqual([])
    expect(watched(100)).toEqual(ids)
    expect(inShadow({ percentage: 0 }, NOBODY)).toMatchObject(ENFORCED)
    expect(inShadow({ percentage: 100 }, NOBODY)).toMatchObject(WATCHED)
  })

  test('each rule has a share of its own, so that not always the same people meet what is new', () => {
    const other = new Set(watched(50, 'another-rule'))
    const both = watched(50).filter((id) => other.has(id)).length
    expect(both / ids.length).toBeGreaterThan(0.2)
    expect(both / ids.length).toBeLessThan(0.3)
  })

  test('with tenants it is a share of their sessions', () => {
    const shadow = { percentage: 50, tenants: ['acme'] }
    const ofAcme = ids.filter((id) => inShadow(shadow, sessionOf(id)).effect === 'allow')
    expect(ofAcme).toEqual(watched(50))
    for (const id of ids.slice(0, 20)) {
      const of = subject({ tenant: 'globex', session: { id, isDerived: false } })
      expect(inShadow(shadow, of)).toMatchObject(ENFORCED)
    }
  })

  test('who has no session belongs to it by the address', () => {
    const at = (ip: string) =>
      decideBy([{ ...DENY, shadow: { percentage: 50 } }], {
        subject: NOBODY,
        facts: { ...facts({ allowsAnonymous: true }), address: { ip, isUntrusted: false } },
      }).effect
    const effects = Array.from({ length: 20 }, (_, i) => at(`192.0.2.${i}`))
    expect(new Set(effects)).toEqual(new Set(['allow', 'deny']))
    expect(Array.from({ length: 20 }, (_, i) => at(`192.0.2.${i}`))).toEqual(effects)
  })
})
