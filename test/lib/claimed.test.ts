import { describe, expect, test } from '@jest/globals'
import { claimed, claimedAll, configured, seconds } from '../../src/lib/claimed.ts'

describe('what a sender claims', () => {
  test.each<[string, unknown, string]>([
    ['a text', 'https://api.example.com', '"https://api.example.com"'],
    ['nothing', undefined, 'nothing'],
    ['no text', { a: 1 }, 'something that is no text'],
    ['controls', 'a\r\nb\u0000\u001b[31m', '"a\\u{d}\\u{a}b\\u{0}\\u{1b}[31m"'],
    ['C1 controls and line separators', '\u0085\u2028', '"\\u{85}\\u{2028}"'],
    ['a turn of the direction of writing', 'a\u202eb', '"a\\u{202e}b"'],
    ['half a character', 'a\ud800', '"a\\u{d800}"'],
    ['quotes and backslashes', 'a"b\\', '"a\\"b\\\\"'],
    ['other letters', 'größe 👍', '"größe 👍"'],
    ['a token', 'x eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln', 'a text with a token in it'],
  ])('%s', (_, value, told) => expect(claimed(value)).toBe(told))

  test('at most 128 characters of it are told, escapes counted', () => {
    for (const text of ['a'.repeat(128), '\n'.repeat(1e6), '👍'.repeat(100), `${'a'.repeat(126)}\n`]) {
      const told = claimed(text)
      expect(told.length).toBeLessThanOrEqual(130)
      expect(told).toMatch(/…"$/)
      expect(told.isWellFormed()).toBe(true)
    }
    expect(claimed('a'.repeat(127))).toBe(`"${'a'.repeat(127)}"`)
  })

  test('of several a few are told', () => {
    expect(claimedAll(['a', 'b'])).toBe('"a", "b"')
    expect(claimedAll('a')).toBe('"a"')
    expect(claimedAll(['a', 'b', 'c', 'd', 'e', 'f'])).toBe('"a", "b", "c", "d" and 2 more')
  })
})

test('names from configuration', () => {
  expect(configured(new Set(['a', 'b']))).toBe('a, b')
  expect(configured([])).toBe('none')
})

test('what is a little over a limit reads as over it', () => {
  expect(seconds(60.001)).toBe('61 s')
  expect(seconds(1e300)).toBe('1e+300 s')
})
