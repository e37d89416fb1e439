import { describe, expect, test } from '@jest/globals'
import { compileTime } from '../../../src/context/facts/time.ts'

const reading = (zone: string) => {
  const compiled = compileTime(zone)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  return (at: string) => compiled.value(Date.parse(at)).hourOfWeek
}

describe('the hour of the week', () => {
  test.each([
    ['UTC', '2026-01-12T00:00:00Z', 0],
    ['UTC', '2026-01-12T00:59:59.999Z', 0],
    ['UTC', '2026-01-12T01:00:00Z', 1],
    ['UTC', '2026-01-18T23:59:59Z', 167],
    ['UTC', '2026-01-19T00:00:00Z', 0],
    ['Europe/Berlin', '2026-01-11T23:00:00Z', 0],
    ['Europe/Berlin', '2026-07-12T22:00:00Z', 0],
    ['America/New_York', '2026-01-12T04:59:00Z', 167],
    ['Asia/Kathmandu', '2026-01-11T18:15:00Z', 0],
    ['Asia/Kathmandu', '2026-01-11T18:14:59Z', 167],
  ])('%s %s: %d', (zone, at, hour) => {
    expect(reading(zone)(at)).toBe(hour)
  })

  test('of UTC is what a formatter says', () => {
    // Another name of the same zone, which is not counted by hand.
    const formatted = reading('Etc/UTC')
    const counted = reading('UTC')
    const start = Date.parse('2024-02-28T00:00:00Z')
    const hours = Array.from({ length: 24 * 366 }, (_, hour) => new Date(start + hour * 3_600_000).toJSON())
    expect(hours.map(counted)).toEqual(hours.map(formatted))
  })

  test('goes on and back with time', () => {
    const hourOfWeek = reading('UTC')
    const times = [
      '2026-01-12T05:00:00Z',
      '2026-01-12T05:14:59Z',
      '2026-01-12T06:00:00Z',
      '2026-01-12T05:00:00Z',
    ]
    expect(times.map(hourOfWeek)).toEqual([5, 5, 6, 5])
  })

  test('is the same object within a quarter of an hour', () => {
    const compiled = compileTime('UTC')
    const read = compiled.ok ? compiled.value : () => ({ hourOfWeek: -1 })
    expect(read(1000)).toBe(read(899_999))
    expect(read(899_999)).not.toBe(read(900_000))
  })
})

test('a zone that does not exist is refused with the nearest one', () => {
  expect(compileTime('Europe/Berln')).toEqual({
    ok: false,
    problems: [
      {
        path: ['context', 'time', 'zone'],
        message: expect.stringContaining(
          'there is no time zone "Europe/Berln"; did you mean "Europe/Berlin"',
        ),
      },
    ],
  })
})
