import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { ClosedStreams, StreamTable } from '../../../src/check/frames/stream-table.ts'

describe('open streams', () => {
  test('are found whatever came and went, as in a Map', () => {
    // Steps of 256 make numbers meet in one slot.
    const number = fc
      .oneof(
        fc.nat(40),
        fc.nat(40).map((n) => n * 128),
      )
      .map((n) => 2 * n + 1)
    const step = fc.tuple(fc.boolean(), number)
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const table = new StreamTable<{ id: number }>()
        const model = new Map<number, { id: number }>()
        for (const [isAdd, id] of steps) {
          if (isAdd && !model.has(id)) {
            model.set(id, { id })
            table.add(model.get(id) as { id: number })
          } else {
            model.delete(id)
            table.delete(id)
          }
        }
        expect(table.size).toBe(model.size)
        for (const [id, stream] of model) expect(table.get(id)).toBe(stream)
        const seen: { id: number }[] = []
        table.each((stream) => {
          seen.push(stream)
          table.delete(stream.id)
        })
        expect(new Set(seen)).toEqual(new Set(model.values()))
        expect(table.size).toBe(0)
      }),
    )
  })

  test('one that stays while ten thousand pass does not get lost', () => {
    const table = new StreamTable<{ id: number }>()
    table.add({ id: 1 })
    for (let id = 3; id < 20_000; id += 2) {
      table.add({ id })
      if (id > 3) table.delete(id - 2)
    }
    expect(table.get(1)?.id).toBe(1)
    expect(table.size).toBe(2)
  })
})

test('of closed streams the last thousand are remembered, with how they ended', () => {
  const closed = new ClosedStreams()
  for (let id = 1; id < 4001; id += 2) closed.add(id, id % 4 === 1 ? 'whole' : 'reset-here')
  expect([
    closed.endingOf(3999),
    closed.endingOf(3997),
    closed.endingOf(1953),
    closed.endingOf(1951),
  ]).toEqual(['reset-here', 'whole', 'whole', undefined])
  expect(closed.endingOf(0x7fff_ffff)).toBeUndefined()
})
