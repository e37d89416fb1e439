import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { printable, printableJson } from '../../src/lib/printable.ts'

test.each([
  ['plain text stays', 'GET /v1/ünï 漢 😀', 'GET /v1/ünï 漢 😀'],
  ['an escape sequence', 'a\u001b[31mb', 'a\\u{1b}[31mb'],
  ['a control of one byte that begins a sequence, too', '\u009b31m', '\\u{9b}31m'],
  ['line breaks', 'a\r\n\u2028b', 'a\\u{d}\\u{a}\\u{2028}b'],
  ['what turns the direction of writing', 'a\u202eb', 'a\\u{202e}b'],
  ['half a character', 'a\ud800b', 'a\\u{d800}b'],
])('%s', (_what, text, shown) => {
  expect(printable(text)).toBe(shown)
})

test('a long text is cut, and the cut never leaves anything that is not visible', () => {
  expect(printable('abcdef', 3)).toBe('abc…')
  expect(printable('ab😀', 3)).toBe('ab\\u{d83d}…')
})

test('JSON reads back the same and shows nothing that is not visible', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = printableJson(value)
      expect(json).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u)
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
  expect(printableJson('\u009b\u202e\u{e0001}')).toBe('"\\u009b\\u202e\\udb40\\udc01"')
})
