import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createTop } from '../../../src/cli/report/top.ts'

const none = () => undefined
const countAll = (capacity: number, keys: readonly string[]) => {
  const top = createTop(capacity, none)
  for (const key of keys) top.count(key)
  return top
}

/** Few keys often, many seldom, as identities are. */
const keys = fc.array(
  fc.nat(400).map((n) => `k${Math.floor((n * n) / 400)}`),
  { minLength: 1, maxLength: 2000 },
)

const exactCounts = (all: readonly string[]) => {
  const exact = new Map<string, number>()
  for (const key of all) exact.set(key, (exact.get(key) ?? 0) + 1)
  return exact
}

describe('the most frequent of a stream in bounded memory', () => {
  test('with room for all keys every count is exact', () => {
    fc.assert(
      fc.property(keys, (all) => {
        const top = countAll(1000, all)
        const counts = top.list().map(({ key, count }) => [key, count] as const)
        expect(new Map(counts)).toEqual(exactCounts(all))
        expect(top.isFull).toBe(false)
      }),
    )
  })

  test('without: what is frequent is there, and no count is too low or beyond its error too high', () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 50 }), (all, capacity) => {
        const exact = exactCounts(all)
        const list = countAll(capacity, all).list()
        expect(list.length).toBeLessThanOrEqual(capacity)
        for (const { key, count, error } of list) {
          const true_ = exact.get(key) ?? 0
          expect(count).toBeGreaterThanOrEqual(true_)
          expect(count - error).toBeLessThanOrEqual(true_)
          expect(error).toBeLessThanOrEqual(all.length / capacity)
        }
        const told = new Set(list.map(({ key }) => key))
        for (const [key, count] of exact) if (count > all.length / capacity) expect(told).toContain(key)
      }),
    )
  })

  test('most frequent first, equals by name', () => {
    expect(
      countAll(9, ['b', 'a', 'c', 'c'])
        .list()
        .map(({ key }) => key),
    ).toEqual(['c', 'a', 'b'])
    expect(countAll(9, ['b', 'a', 'c', 'c']).list(1)).toMatchObject([{ key: 'c', count: 2 }])
  })

  test('what is kept beside a key goes with it', () => {
    const top = createTop(1, () => ({ seen: 0 }))
    top.count('a').seen++
    top.count('a').seen++
    top.count('b').seen++
    expect(top.list()).toMatchObject([{ key: 'b', count: 3, error: 2, kept: { seen: 1 } }])
    expect(top.isFull).toBe(true)
  })

  test('keys that are no well-formed text are counted like any other', () => {
    expect(countAll(9, ['\ud800', '\ud800', '漢']).list()).toMatchObject([
      { key: '\ud800', count: 2 },
      { key: '漢' },
    ])
  })
})
