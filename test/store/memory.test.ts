import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createMemoryStore } from '../../src/store/memory.ts'
import { type Store, StoreUnavailable } from '../../src/store/store.ts'
import { storeContract } from './contract.ts'
import { fakeClock } from './fakes.ts'

storeContract('memory', async () => {
  const clock = fakeClock()
  const store = createMemoryStore({ maxEntries: 1000, clock })
  return { store, pass: async (ms) => clock.advance(ms), stop: () => store.close() }
})

const claim = (store: Store, key: string, ttlMs = 1000) =>
  store.read([{ op: 'claim', key, value: 'x', ttlMs }], 20)
const count = (store: Store, key: string, ttlMs = 1000) =>
  store.read([{ op: 'window', key, window: 1, ttlMs, adds: true }], 20)
const get = async (store: Store, ...keys: string[]) =>
  store.read(
    keys.map((key) => ({ op: 'get', key })),
    20,
  )

const isCounted = async (store: Store, ...keys: string[]) => {
  const look = (key: string) => ({ op: 'window', key, window: 1, ttlMs: 1, adds: false }) as const
  return (await store.read(keys.map(look), 20)).map((counts) => counts !== '0 0')
}

const hasClaimed = async (store: Store, key: string, ttlMs: number) =>
  (await claim(store, key, ttlMs).catch(() => undefined))?.[0] === null

describe('memory store, full', () => {
  test('what has expired goes before what lives, however old that is', async () => {
    const clock = fakeClock()
    const store = createMemoryStore({ maxEntries: 3, clock })
    await count(store, 'oldest', 10_000)
    await count(store, 'expired', 10)
    await count(store, 'young', 10_000)
    clock.advance(20)
    await count(store, 'new', 10_000)
    expect(await isCounted(store, 'oldest', 'expired', 'young', 'new')).toEqual([true, false, true, true])
  })

  test('then the oldest that is not a claim goes', async () => {
    const store = createMemoryStore({ maxEntries: 3, clock: fakeClock() })
    await claim(store, 'claim')
    await count(store, 'a')
    await count(store, 'b')
    await count(store, 'c')
    expect(await get(store, 'claim')).toEqual(['x'])
    expect(await isCounted(store, 'a', 'b', 'c')).toEqual([false, true, true])
    await store.update('b', 1000, () => 'written again')
    await claim(store, 'another claim')
    expect(await get(store, 'claim', 'b', 'another claim')).toEqual(['x', 'written again', 'x'])
    expect(await isCounted(store, 'c')).toEqual([false])
  })

  test('claims alone fill it: StoreUnavailable full, until one of them has expired', async () => {
    const clock = fakeClock()
    const store = createMemoryStore({ maxEntries: 2, clock })
    await claim(store, 'a', 1000)
    await claim(store, 'b', 3000)
    const full = new StoreUnavailable('full')
    await expect(count(store, 'n')).rejects.toThrow(full)
    await expect(claim(store, 'c')).rejects.toThrow(full)
    await expect(store.update('u', 1000, () => '')).rejects.toThrow(full)
    expect(await claim(store, 'a')).toEqual(['x'])
    clock.advance(1000)
    expect(await claim(store, 'c')).toEqual([null])
    await expect(claim(store, 'd')).rejects.toThrow(full)
    expect(await get(store, 'b', 'c')).toEqual(['x', 'x'])
  })

  test('property: no living claim is ever lost to make room', async () => {
    const step = fc.record({
      op: fc.constantFrom('claim' as const, 'count' as const, 'pass' as const),
      key: fc.integer({ min: 0, max: 20 }),
      ms: fc.integer({ min: 1, max: 2000 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 200 }), async (steps) => {
        const clock = fakeClock(0)
        const store = createMemoryStore({ maxEntries: 8, clock })
        const untilMs = new Map<string, number>()
        for (const { op, key, ms } of steps) {
          if (op === 'pass') clock.advance(ms)
          else if (op === 'count') await count(store, `n${key}`, ms).catch(() => undefined)
          else if (await hasClaimed(store, `c${key}`, ms)) untilMs.set(`c${key}`, clock.nowMs() + ms)
          const alive = [...untilMs.keys()].filter((name) => (untilMs.get(name) ?? 0) > clock.nowMs())
          expect(await get(store, ...alive)).toEqual(alive.map(() => 'x'))
        }
      }),
      { numRuns: 200 },
    )
  })

  test('it goes on when it is far beyond its first capacity, and forgets in order', async () => {
    const store = createMemoryStore({ maxEntries: 5000, clock: fakeClock() })
    for (let i = 0; i < 12_000; i++) await count(store, `k${i}`, 10_000)
    expect(await isCounted(store, 'k6999', 'k7000', 'k11999')).toEqual([false, true, true])
  })
})

describe('memory store, at start', () => {
  test('holds what was seeded, for as long as it was seeded for', async () => {
    const clock = fakeClock()
    const seed = [
      { key: 'p', value: '{"v":1}', ttlMs: 100 },
      { key: 'n', value: '41', ttlMs: 1000 },
    ]
    const store = createMemoryStore({ maxEntries: 10, clock, seed })
    expect(await get(store, 'p')).toEqual(['{"v":1}'])
    // What is no counter counts nothing.
    expect(await count(store, 'n')).toEqual(['1 0'])
    clock.advance(100)
    expect(await get(store, 'p')).toEqual([null])
  })

  test('knows since when it has kept claims only when it is told', async () => {
    const clock = fakeClock()
    expect(createMemoryStore({ maxEntries: 1, clock }).standing).toEqual({ degraded: [] })
    const store = createMemoryStore({ maxEntries: 1, clock, startedAtMs: 5 })
    expect(await store.health()).toEqual({ isReachable: true, degraded: [], primarySinceMs: 5 })
  })
})
