import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Arena, MOST_BYTES } from '../../src/store/arena.ts'
import { fingerprint, WORDS } from '../../src/store/fingerprint.ts'
import { NONE, Slab } from '../../src/store/slab.ts'

const key = fc.integer({ min: 0, max: 40 }).map((n) => `p:{identity-${n}}:party`)
const lengths = fc.oneof(
  fc.integer({ min: 0, max: 200 }),
  fc.constantFrom(31, 32, 33, MOST_BYTES - 1, MOST_BYTES, MOST_BYTES + 1, 5000),
)
const step = fc.oneof(
  fc.record({
    op: fc.constant('text' as const),
    key,
    length: lengths,
    ttlMs: fc.integer({ min: 1, max: 50 }),
  }),
  fc.record({
    op: fc.constant('count' as const),
    key,
    window: fc.nat(),
    ttlMs: fc.integer({ min: 1, max: 50 }),
  }),
  fc.record({ op: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 20 }) }),
)

type Model = Map<string, { value: string | number; untilMs: number }>

function expectSame(slab: Slab, model: Model, name: string, nowMs: number): void {
  const slot = slab.find(name, nowMs)
  const known = model.get(name)
  const expected = known !== undefined && known.untilMs > nowMs ? known.value : undefined
  expect(slab.text(slot) ?? slab.counter(slot)?.current).toBe(expected)
}

test('whatever is set, replaced and expires: every key has what was set last, as a Map would', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const slab = new Slab(2000)
      const model: Model = new Map()
      let nowMs = 0
      let made = 0
      for (const one of steps) {
        if (one.op === 'pass') nowMs += one.ms
        else if (one.op === 'text') {
          const text = String(made++).padEnd(one.length, 'é~x')
          expect(slab.setText(one.key, text, nowMs + one.ttlMs, made % 2 === 0, nowMs)).toBe(true)
          model.set(one.key, { value: text, untilMs: nowMs + one.ttlMs })
        } else {
          const counter = { window: one.window, current: made++, previous: 2 ** 40 }
          expect(slab.setCounter(one.key, counter, nowMs + one.ttlMs, nowMs)).toBe(true)
          model.set(one.key, { value: counter.current, untilMs: nowMs + one.ttlMs })
        }
        for (let n = 0; n <= 40; n++) expectSame(slab, model, `p:{identity-${n}}:party`, nowMs)
      }
    }),
    { numRuns: 60 },
  )
})

test('it grows: a hundred thousand entries are all found, and their keys are not confused', () => {
  const slab = new Slab(200_000)
  const count = 100_000
  for (let n = 0; n < count; n++) slab.setText(`k${n}`, `v${n}`, 1000, false, 0)
  expect(slab.size).toBe(count)
  let wrong = 0
  for (let n = 0; n < count; n++) if (slab.text(slab.find(`k${n}`, 0)) !== `v${n}`) wrong++
  expect(wrong).toBe(0)
  expect(slab.find(`k${count}`, 0)).toBe(NONE)
})

test('blocks that were given back are used again, each for its size', () => {
  const arena = new Arena()
  const first = arena.take(40)
  arena.give(first, 64)
  expect(arena.take(33)).toBe(first)
  expect(arena.take(64)).not.toBe(first)
  arena.give(first, 40)
  expect(arena.take(20)).not.toBe(first)
})

test('blocks of all sizes over several chunks never overlap', () => {
  const arena = new Arena()
  const blocks = Array.from({ length: 5000 }, (_, i) => {
    const text = String(i).padEnd(1 + ((i * 37) % MOST_BYTES), '.')
    const block = arena.take(text.length)
    arena.writeText(block, text, text.length)
    return { block, text }
  })
  expect(blocks.filter(({ block, text }) => arena.readText(block, text.length) !== text)).toEqual([])
})

test('counters are exact beyond 32 bits: one that went round would open its limit', () => {
  const slab = new Slab(10)
  const counter = { window: 2 ** 33, current: 2 ** 31, previous: 2 ** 40 }
  slab.setCounter('c', counter, 1000, 0)
  expect(slab.counter(slab.find('c', 0))).toEqual(counter)
  slab.recount(slab.find('c', 0), { ...counter, current: 2 ** 32 + 1 })
  expect(slab.counter(slab.find('c', 0))?.current).toBe(2 ** 32 + 1)
})

test('keys of any length are told apart, also by their last character', () => {
  const slab = new Slab(5000)
  const keys = [0, 1, 2, 3, 4, 338, 339, 340, 341, 342, 500, 501, 502, 503, 5000].flatMap((length) =>
    ['a', 'b', 'é', '€'].map((end) => 'k'.repeat(length) + end),
  )
  for (const name of keys) slab.setText(name, `value of ${name}`, 1000, false, 0)
  for (const name of keys) expect(slab.text(slab.find(name, 0))).toBe(`value of ${name}`)
})

test('fingerprints tell apart what differs in one character, whichever word one looks at', () => {
  const seen = Array.from({ length: WORDS }, () => new Set<number>())
  const into = new Int32Array(WORDS)
  for (let i = 0; i < 60; i++) {
    for (const letter of 'abc') {
      fingerprint('x'.repeat(i) + letter + 'x'.repeat(60 - i), into)
      for (const [at, word] of into.entries()) seen[at]?.add(word)
    }
  }
  // Two of 180 may share one word of 32 bits, though hardly ever.
  for (const words of seen) expect(words.size).toBeGreaterThan(177)
})
