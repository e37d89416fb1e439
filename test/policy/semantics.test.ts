import { celEnv, isCelError, plan } from '@bufbuild/cel'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { engineTest, Scope, type Verdict } from '../../src/policy/engine.ts'
import { explain } from '../../src/policy/explain.ts'
import { testOf } from '../../src/policy/logic.ts'
import type { Cause } from '../../src/policy/rules.ts'
import { parseCondition } from '../../src/policy/syntax.ts'
import type { Input } from '../../src/policy/variable.ts'
import { assessment, check, facts, past, subject } from './fixtures.ts'

/** The short cuts and the frame against the engine itself, on random conditions over random, partly missing values. */

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 3 })
const word = fc.constantFrom('a', 'b', 'ab', '', 'low')
const json = fc.oneof(
  word,
  fc.integer({ min: -3, max: 3 }),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.array(word),
)

const inputs: fc.Arbitrary<Input> = fc
  .record({
    acr: maybe(word),
    client: maybe(word),
    c1: maybe(json),
    c2: maybe(json),
    scopes: fc.array(word),
    seen: fc.nat(4),
    param: maybe(word),
    score: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ acr, client, c1, c2, scopes, seen, param, score }) => {
    const {
      acr: _acr,
      client: _client,
      ...rest
    } = subject({
      scopes,
      claims: { ...(c1 !== undefined && { c1 }), ...(c2 !== undefined && { c2 }) },
    }).credential
    const credential = { ...rest, ...(acr !== undefined && { acr }), ...(client !== undefined && { client }) }
    return {
      check: check(),
      subject: subject({}, { credential }),
      facts: facts({ params: param === undefined ? {} : { account: param } }),
      past: past({ session: { firstSeenMs: 0, lastSeenMs: 0, seen } }),
      assessment: { ...assessment(), score },
      headers: new Set<string>(),
    }
  })

const readable = fc.constantFrom(
  'subject.acr',
  'subject.client',
  'subject.scopes',
  'subject.claims.c1',
  'subject.claims["c2"]',
  'past.session_seen',
  'past.seen',
  'action.params.account',
  'action.sensitivity',
  'assessment.score',
  'facts.device.attested',
  'subject.auth_time',
  'now',
)
const literal = fc.constantFrom(
  '"a"',
  '"low"',
  '""',
  '1',
  '2',
  '-1',
  '0.5',
  '2u',
  'true',
  'null',
  '9223372036854775807',
)
const operand = fc.oneof(readable, literal)
const operator = fc.constantFrom('==', '!=', '<', '<=', '>', '>=', 'in')
const leaf = fc.oneof(
  fc.tuple(operand, operator, operand).map(([a, op, b]) => `${a} ${op} ${b}`),
  readable,
  fc.tuple(readable, fc.array(literal)).map(([a, list]) => `${a} in [${list.join(', ')}]`),
  fc
    .tuple(readable, fc.constantFrom('startsWith', 'endsWith', 'contains'), literal)
    .map(([a, method, part]) => `${a}.${method}(${part})`),
  fc.constantFrom('has(subject.acr)', 'has(subject.claims.c1)', 'has(subject.claims.c1.x)', 'has(past.seen)'),
)

const tree = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => `(${a}) && (${b})`),
    fc.tuple(tie('condition'), tie('condition')).map(([a, b]) => `(${a}) || (${b})`),
    tie('condition').map((a) => `!(${a})`),
    fc
      .tuple(fc.constantFrom('exists', 'all'), operand, tie('condition'))
      .map(([macro, b, a]) => `subject.scopes.${macro}(s, (${a}) || s == ${b})`),
    fc
      .tuple(tie('condition'), tie('condition'), tie('condition'))
      .map(([a, b, c]) => `(${a}) ? (${b}) : (${c})`),
  ),
}))

function both(text: string, input: Input): [ours: Verdict, engines: Verdict] {
  const parsed = parseCondition(text)
  if (!parsed.ok) throw new Error(text)
  return [testOf(parsed.tree.expr)(new Scope(input)), engineTest(parsed.tree.expr)(new Scope(input))]
}

test('whatever is missing or goes wrong has a name', () => {
  fc.assert(
    fc.property(tree.condition, inputs, (text, input) => {
      const [cause] = both(text, input)
      fc.pre(typeof cause === 'string')
      const parsed = parseCondition(text)
      const expr = parsed.ok ? parsed.tree.expr : undefined
      const detail = explain({ label: 'r', effect: 'deny', expr }, cause as Cause, new Scope(input))
      expect([text, detail]).toEqual([text, expect.stringMatching(/^r; ./)])
      if (cause === 'unknown') expect(detail).toMatch(/^r; [^;]* (?:is|are) missing$/)
      expect(detail).not.toMatch(/something|could not be evaluated/)
    }),
    { numRuns: 400 },
  )
})

describe('conditions mean what the engine says', () => {
  test('a single comparison gives exactly the engine’s verdict', () => {
    fc.assert(
      fc.property(leaf, inputs, (text, input) => {
        const [ours, engines] = both(text, input)
        expect([text, ours]).toEqual([text, engines])
      }),
      { numRuns: 2000 },
    )
  })

  test('a whole condition gives the engine’s yes or no; of errors only ours remembers them all', () => {
    fc.assert(
      fc.property(tree.condition, inputs, (text, input) => {
        const [ours, engines] = both(text, input)
        const isSame = ours === engines || (ours === 'error' && engines === 'unknown')
        expect([text, ours, engines, isSame]).toEqual([text, ours, engines, true])
      }),
      { numRuns: 600 },
    )
  })
})

test('the engine still merges errors as `unknown.ts` expects: the message of the first, the rest as cause', () => {
  const parsed = parseCondition('a.x && 1 / 0 > 0')
  const result = parsed.ok && plan(celEnv(), parsed.tree)({ a: {} })
  expect(isCelError(result) && [result.message, Array.isArray(result.cause)]).toEqual([
    'field not found: x',
    true,
  ])
})
