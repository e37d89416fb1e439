import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { packValues, unpackValues } from '../../src/history/values.ts'

const second = fc.nat(0xffff_ffff).map((seconds) => seconds * 1000)
const value = fc.record({
  value: fc.string({ unit: fc.constantFrom(...'ABCxyz019-_'), minLength: 1, maxLength: 8 }),
  count: fc.nat(64 ** 4 - 1),
  firstSeenMs: second,
  lastSeenMs: second,
})

test('property: what was packed comes back, 24 characters each', () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 8 }), (values) => {
      const text = packValues(values, 8)
      expect(text).toHaveLength(24 * values.length)
      expect(unpackValues(text)).toEqual(values)
    }),
  )
})

test('no more than asked for, whole seconds, and a count that stops at its end', () => {
  const one = { value: 'abcdefgh', count: 1e9, firstSeenMs: 1999, lastSeenMs: 2000 }
  expect(unpackValues(packValues([one, one, one], 2))).toEqual(
    Array(2).fill({ value: 'abcdefgh', count: 64 ** 4 - 1, firstSeenMs: 1000, lastSeenMs: 2000 }),
  )
})

test.each([
  ['a number', 1],
  ['a list', []],
  ['a cut text', 'abc'],
  ['no digits', `${'x'.repeat(8)}${'?'.repeat(16)}`],
])('%s is no list of values', (_, text) => {
  expect(() => unpackValues(text)).toThrow()
})
