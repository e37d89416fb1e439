import { randomUUID } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { percentileOf, sharerOf } from '../../src/lib/share.ts'

test('the same text falls in the same place, in every process', () => {
  expect(percentileOf('5f0c0c0c-1111-4222-8333-444455556666')).toBe(
    percentileOf('5f0c0c0c-1111-4222-8333-444455556666'),
  )
  // e3b0c44298fc…, the SHA-256 of nothing.
  expect(percentileOf('')).toBeCloseTo((0xe3b0c44298fc / 2 ** 48) * 100, 9)
})

test.each([
  ['random ids', () => randomUUID() as string],
  ['counted ids', (i: number) => `00000000-0000-4000-8000-${i.toString(16).padStart(12, '0')}`],
])('%s fall evenly', (_, idOf) => {
  const tenths = new Array<number>(10).fill(0)
  for (let i = 0; i < 20_000; i++) {
    const tenth = Math.floor(percentileOf(idOf(i)) / 10)
    tenths[tenth] = (tenths[tenth] ?? Number.NaN) + 1
  }
  // Six standard deviations of a fair throw.
  for (const count of tenths) expect(Math.abs(count - 2000)).toBeLessThan(255)
})

describe('who stands where only an address is known', () => {
  const nobody = { state: 'anonymous' }

  test('all addresses of an IPv6 /64 are one caller: nobody walks through them until one falls right', () => {
    const sharers = new Set(
      Array.from({ length: 500 }, (_, i) => sharerOf(nobody, `2001:db8:0:1::${i.toString(16)}`)),
    )
    expect([...sharers]).toEqual(['address\n2001:db8:0:1::/64'])
    expect(sharerOf(nobody, '2001:db8:0:2::1')).not.toBe(sharerOf(nobody, '2001:db8:0:1::1'))
  })

  test('an IPv4 address is one caller, however it is written', () => {
    expect(sharerOf(nobody, '::ffff:192.0.2.1')).toBe(sharerOf(nobody, '192.0.2.1'))
    expect(sharerOf(nobody, '192.0.2.2')).not.toBe(sharerOf(nobody, '192.0.2.1'))
  })
})
