import { describe, expect, test } from '@jest/globals'
import { hint, nearest } from '../../src/lib/nearest.ts'

const NAMES = ['audiences', 'algorithms', 'issuer', 'burstSurprise', 'burstLength', 'minRequests']

describe('the name that was meant', () => {
  test.each([
    ['audience', 'audiences'],
    ['AUDIENCES', 'audiences'],
    ['algorihtms', 'algorithms'],
    ['min', 'minRequests'],
    // Two begin like this, and one letter begins anything.
    ['burst', undefined],
    ['m', undefined],
    ['zzz', undefined],
    ['', undefined],
  ])('%s: %s', (word, expected) => {
    expect(nearest(word, NAMES)).toBe(expected)
  })

  test('of no names none', () => {
    expect(nearest('x', [])).toBeUndefined()
  })
})

describe('what to say', () => {
  test.each<[string, readonly string[], string]>([
    ['isuer', NAMES, '; did you mean "issuer"?'],
    ['zzz', ['one', 'two'], '; there is one, two'],
    ['zzz', [], '; none is declared'],
    ['word-99-x', Array.from({ length: 17 }, (_, i) => `something-${i}`), '; the nearest is "something-'],
  ])('%s', (word, among, expected) => {
    expect(hint(word, among)).toContain(expected)
  })
})
