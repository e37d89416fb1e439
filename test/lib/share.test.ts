import { randomUUID } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { shareOf } from '../../src/lib/share.ts'

test('the same text falls in the same place, in every process', () => {
  expect(shareOf('5f0c0c0c-1111-4222-8333-444455556666')).toBe(
    shareOf('5f0c0c0c-1111-4222-8333-444455556666'),
  )
  // The offset basis of FNV-1a, mixed.
  expect(shareOf('')).toBeCloseTo(0.668922, 6)
})

test.each([
  ['random ids', () => randomUUID() as string],
  ['counted ids', (i: number) => `00000000-0000-4000-8000-${i.toString(16).padStart(12, '0')}`],
])('%s fall evenly', (_, idOf) => {
  const tenths = new Array<number>(10).fill(0)
  for (let i = 0; i < 20_000; i++) {
    const tenth = Math.floor(shareOf(idOf(i)) * 10)
    tenths[tenth] = (tenths[tenth] ?? Number.NaN) + 1
  }
  // Six standard deviations of a fair throw.
  for (const count of tenths) expect(Math.abs(count - 2000)).toBeLessThan(255)
})
