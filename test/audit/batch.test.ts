import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Batches } from '../../src/audit/batch.ts'

const SIZE = 64
const textOf = ({ bytes, length }: { bytes: Buffer; length: number }) => bytes.toString('utf8', 0, length)

test('every line comes out once, in its order, whole and ended, however they are taken', () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 90 })
  fc.assert(
    fc.property(fc.array(fc.record({ line, takes: fc.nat(2), returns: fc.boolean() })), (steps) => {
      const batches = new Batches(SIZE)
      let all = ''
      const take = (returns: boolean) => {
        const batch = batches.take()
        if (batch === undefined) return false
        all += textOf(batch)
        if (returns) batches.giveBack(batch)
        return true
      }
      for (const { line, takes, returns } of steps) {
        batches.add(line)
        for (let i = 0; i < takes; i++) take(returns)
      }
      while (take(true));
      expect(all).toBe(Buffer.from(steps.map(({ line }) => `${line}\n`).join('')).toString())
      expect(batches.waiting).toBe(0)
    }),
  )
})

test('what is on its way is not written over, and what came back is used again', () => {
  const batches = new Batches(SIZE)
  batches.add('one')
  const first = batches.take()
  batches.add('two')
  const second = batches.take()
  if (first === undefined || second === undefined) throw new Error('nothing to take')
  expect([textOf(first), textOf(second)]).toEqual(['one\n', 'two\n'])
  batches.giveBack(first)
  batches.add('three')
  expect(batches.take()?.bytes).toBe(first.bytes)
})

test('it counts the lines that wait, and says when a batch is full', () => {
  const batches = new Batches(SIZE)
  expect(batches.add('x'.repeat(20))).toBe(false)
  expect(batches.add('x'.repeat(20))).toBe(true)
  expect(batches.waiting).toBe(2)
  expect(batches.take()).toMatchObject({ length: 21, lines: 1 })
  expect(batches.waiting).toBe(1)
  expect(batches.add('x'.repeat(500))).toBe(true)
  expect([batches.take(), batches.take(), batches.take()].map((batch) => batch?.length)).toEqual([
    21,
    501,
    undefined,
  ])
})
