import { expect, test } from '@jest/globals'
import { flatten } from '../../../src/cli/explain/flatten.ts'

test.each<[string, unknown, string]>([
  ['nothing', undefined, ''],
  ['no member', {}, ''],
  ['a scalar', 33, '33'],
  ['members, and members of members', { a: 1, b: { c: true, d: null } }, 'a 1, b.c true'],
  ['lists', { a: ['x', 'y'], b: [], c: [{ d: 1 }] }, 'a x and y, c (…)'],
])('%s', (_what, value, expected) => {
  expect(flatten(value)).toBe(expected)
})

test('neither depth nor breadth is without bound', () => {
  const deep = JSON.parse(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`)
  expect(flatten(deep)).toBe('a.a.a.a (…)')
  expect(flatten(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`m${i}`, i])))).toMatch(
    /^m0 0, .*m19 19, …$/,
  )
})
