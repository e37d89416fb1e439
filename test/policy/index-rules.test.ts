import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Sensitivity } from '../../src/model.ts'
import { decide } from '../../src/policy/decide.ts'
import type { RuleIndex } from '../../src/policy/index-rules.ts'
import { appliesOf } from '../../src/policy/index-rules.ts'
import { parseCondition } from '../../src/policy/syntax.ts'
import {
  assessment,
  check,
  configOf,
  decideBy,
  facts,
  type Given,
  past,
  type RuleInput,
  subject,
} from './fixtures.ts'

const applies = (when: string) => {
  const parsed = parseCondition(when)
  if (!parsed.ok) throw new Error(when)
  const found = appliesOf(parsed.tree.expr)
  return Object.fromEntries(Object.entries(found).map(([key, values]) => [key, [...values]]))
}

describe('what a condition can hold for', () => {
  test.each<[string, Record<string, string[]>]>([
    ['action.name == "a"', { actions: ['a'] }],
    ['"a" == action.name', { actions: ['a'] }],
    ['action["name"] == "a" && subject.id == "x"', { actions: ['a'] }],
    ['subject.id == "x" && (action.name in ["a", "b"] && true)', { actions: ['a', 'b'] }],
    ['action.name in ["a", "b"] && action.name == "b"', { actions: ['b'] }],
    ['action.name == "a" && action.name == "b"', { actions: [] }],
    ['action.name in []', { actions: [] }],
    [
      'action.sensitivity == "high" && subject.tenant == "t" && action.name == "a"',
      { sensitivities: ['high'], tenants: ['t'], actions: ['a'] },
    ],
    ['action.name == "a" || true', {}],
    ['action.name != "a"', {}],
    ['!(action.name == "a")', {}],
    ['action.name in subject.claims.roles', {}],
    ['action.name == subject.id', {}],
    ['subject.id == "a"', {}],
    ['"a" in subject.scopes', {}],
    ['action.name == "a" ? true : false', {}],
  ])('%s', (when, expected) => expect(applies(when)).toEqual(expected))
})

const NAMES = ['transfer-funds', 'read-balance', 'unknown']
const SENSITIVITIES: readonly Sensitivity[] = ['low', 'medium', 'high', 'critical']
const TENANTS = ['acme', 'other', 'third']
const of = (words: readonly string[]) => fc.constantFrom(...words)

const conjunct = fc.oneof(
  of(NAMES).map((n) => `action.name == "${n}"`),
  fc.array(of(NAMES)).map((list) => `action.name in [${list.map((n) => `"${n}"`).join(', ')}]`),
  of(SENSITIVITIES).map((s) => `"${s}" == action.sensitivity`),
  of(TENANTS).map((t) => `subject.tenant == "${t}"`),
  fc.constantFrom(
    'true',
    'false',
    'subject.claims.absent == 1',
    '1 / (past.seen - 25) > 0',
    'subject.kind == "user"',
    'action.name != "read-balance"',
    '(action.name == "transfer-funds" || subject.tenant == "other")',
  ),
)
const ruleInput: fc.Arbitrary<RuleInput> = fc.record({
  when: fc.array(conjunct, { minLength: 1, maxLength: 3 }).map((list) => list.join(' && ')),
  effect: of(['allow', 'monitor', 'step-up', 'throttle', 'deny']),
  shadow: fc.oneof(fc.boolean(), fc.record({ percentage: fc.nat(100), tenants: fc.constant([...TENANTS]) })),
})

test('the index decides as looking at every rule does', () => {
  const given: fc.Arbitrary<Given> = fc
    .record({ name: of(NAMES), sensitivity: fc.constantFrom(...SENSITIVITIES), tenant: of(['', ...TENANTS]) })
    .map(({ name, sensitivity, tenant }) => ({
      facts: facts({ name, sensitivity, allowsAnonymous: true }),
      subject: tenant === '' ? { state: 'anonymous' } : subject({ tenant }),
    }))
  fc.assert(
    fc.property(
      fc.array(ruleInput, { maxLength: 12 }),
      given,
      (rules, { facts: f = facts(), subject: s = subject() }) => {
        const config = configOf(rules)
        const everything = configOf(rules.map((r) => ({ ...r, when: `(${r.when}) || false` })))
        const linear: RuleIndex = {
          candidates: () => everything.rules.candidates({ ...f.action, name: 'unknown' }, undefined),
        }
        const at = (index: RuleIndex) =>
          decide(check(), s, f, past(), assessment(), { ...config, rules: index })
        expect(at(config.rules)).toEqual(at(linear))
      },
    ),
    { numRuns: 300 },
  )
})

test('only rules that can match are looked at', () => {
  const config = configOf([
    { when: 'action.name == "transfer-funds" && subject.kind == "user"', effect: 'deny' },
    { when: 'action.name == "read-balance"', effect: 'deny' },
    { when: 'subject.tenant == "acme"', effect: 'deny' },
    { when: 'subject.tenant == "other" && action.sensitivity == "high"', effect: 'deny' },
    { when: true, effect: 'allow' },
  ])
  const names = (name: string, sensitivity: Sensitivity, tenant: string | undefined) =>
    config.rules.candidates({ ...facts().action, name, sensitivity }, tenant).map((rule) => rule.name)
  expect(names('transfer-funds', 'low', 'acme')).toEqual(['r0', 'r2', 'r4'])
  expect(names('read-balance', 'high', 'other')).toEqual(['r1', 'r3', 'r4'])
  expect(names('unknown', 'low', 'third')).toEqual(['r4'])
  expect(names('unknown', 'high', undefined)).toEqual(['r2', 'r3', 'r4'])
})

test('a subject without a tenant is compared with none: that is unknown, not different', () => {
  const given = { subject: subject({ tenant: '' }) }
  const deny = { when: 'subject.tenant == "acme"', effect: 'deny' }
  expect(decideBy([deny], given)).toMatchObject({ failure: 'policy.rule.unknown' })
  const allow = { when: 'subject.tenant != "blocked"', effect: 'allow' }
  expect(decideBy([allow], given).rule).toBeUndefined()
  expect(decideBy([{ when: 'has(subject.tenant)', effect: 'deny' }], given).rule).toBeUndefined()
})
