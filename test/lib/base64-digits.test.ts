import { describe, expect, test } from '@jest/globals'
import { fromDigits, toDigits } from '../../src/lib/base64-digits.ts'

describe('numbers as digits', () => {
  test.each([
    [0, 1, 'A'],
    [63, 1, '_'],
    [64, 2, 'BA'],
    [4095, 2, '__'],
    [1_800_000_000, 6, 'BrSdIA'],
    [5000, 2, '__'],
    [-5, 2, 'AA'],
    [1.9, 1, 'B'],
  ])('%d in %d: %s', (value, length, text) => {
    expect(toDigits(value, length)).toBe(text)
  })

  test('are read where they stand', () => {
    expect(fromDigits(`xx${toDigits(123_456, 4)}`, 2, 4)).toBe(123_456)
  })

  test.each(['A', 'A?', 'Aä', ''])('%j is no number of two digits', (text) => {
    expect(() => fromDigits(text, 0, 2)).toThrow('digit')
  })
})
