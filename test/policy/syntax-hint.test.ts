import { describe, expect, test } from '@jest/globals'
import { parseCondition } from '../../src/policy/syntax.ts'
import { hintOf } from '../../src/policy/syntax-hint.ts'

/** `at`: where the hint points, by what stands there. */
const hints: readonly [condition: string, at: string, message: string][] = [
  ['a = b', '= b', 'write == instead of ='],
  ['a === b', '===', 'write == instead of ==='],
  ['a <> b', '<>', 'write != instead of <>'],
  ['a => 1', '=>', 'write >= instead of =>'],
  ['a & b', '&', 'write && instead of &'],
  ['a | b', '|', 'write || instead of |'],
  ['a.b == "x and y" and c', 'and c', 'write && instead of and'],
  ['a OR b', 'OR', 'write || instead of OR'],
  ['not a.b', 'not', 'write ! instead of not'],
  ['!a && ((b || c)', '((', 'this ( is never closed'],
  ['a in ["x", "y"', '[', 'this [ is never closed'],
  ['(a in ["x")', '[', 'this [ is never closed'],
  ['a == "x" ) && b', ')', 'this ) closes nothing'],
  ['a == "x (', '"x', 'the text that begins here has no end'],
  ['a && b ==', '==', 'something must follow =='],
  ['a == "&& (" &&', '&&', 'something must follow &&'],
  [' ', ' ', 'it is empty'],
]

describe('a syntax error is told in words, at the place to mend', () => {
  test.each(hints)('%s', (condition, at, message) => {
    const offset = message.includes('follow') ? condition.lastIndexOf(at) : condition.indexOf(at)
    const parsed = parseCondition(condition)
    expect(parsed).toMatchObject({ ok: false, offset, message: `is not a CEL expression: ${message}` })
  })

  test.each([['a.and b'], ['a b']])('%s: the parser itself, where nothing more is known', (condition) => {
    expect(hintOf(condition)).toBeUndefined()
    expect(parseCondition(condition)).toMatchObject({
      ok: false,
      message: expect.stringContaining('but expecting'),
    })
  })
})
