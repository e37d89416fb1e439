import { describe, expect, test } from '@jest/globals'
import { batchesOf } from './checks/index.ts'
import { HELP, PARTS, parseOptions } from './options.ts'
import { lineOf } from './progress.ts'
import { type Sample, soakFlaw, summarise } from './soak/summary.ts'

const seed = () => 7

describe('npm run fuzz', () => {
  test('runs the checks and the wire when nothing else is asked for', () => {
    expect(parseOptions([], seed)).toMatchObject({
      parts: ['checks', 'wire'],
      seed: 7,
      counts: { checks: 1_000_000 },
    })
  })

  test('counts what it is told to count', () => {
    expect(parseOptions(['--cases', '5000', '--seed', '3'], seed)).toMatchObject({
      seed: 3,
      counts: { checks: 5000, wire: 100 },
    })
    expect(parseOptions(['--only', 'wire', '--cases', '500'], seed)).toMatchObject({
      parts: ['wire'],
      counts: { wire: 500 },
    })
    expect(parseOptions(['--only', 'soak', '--checks', '9'], seed)).toMatchObject({ counts: { soak: 9 } })
  })

  test('says what is wrong with its arguments', () => {
    expect(() => parseOptions(['--only', 'x'], seed)).toThrow('--only x: give one of checks, wire')
    expect(() => parseOptions(['--cases', '1.5'], seed)).toThrow('--cases 1.5: give a whole number above 0')
    expect(parseOptions(['--help'], seed)).toBeUndefined()
    for (const part of PARTS) expect(HELP).toContain(part)
  })

  test('cuts a campaign into batches, of which the first has its seed', () => {
    const batches = batchesOf({ seed: 5, cases: 45_000 })
    expect(batches.map(({ cases }) => cases)).toEqual([20_000, 20_000, 5000])
    expect(batches[0]?.seed).toBe(5)
    expect(new Set(batches.map((batch) => batch.seed)).size).toBe(3)
  })

  test('tells how far it is', () => {
    expect(lineOf('checks', 250, 1000, 500)).toBe(
      'checks [######..................] 250 of 1,000, 500/s, about 0:01 left',
    )
    expect(lineOf('checks', 0, 10, 0)).toContain('0/s')
  })
})

describe('a soak', () => {
  const samples = (rss: (i: number) => number): Sample[] =>
    Array.from({ length: 100 }, (_, i) => ({
      checks: i,
      rss: rss(i) * 2 ** 20,
      heapUsed: 2 ** 20,
      external: 0,
      handles: 3,
    }))
  const result = (all: Sample[]) =>
    ({
      variant: 'bounded',
      seed: 1,
      checks: 1,
      passed: 1,
      seconds: 1,
      samples: all,
      ...summarise(all),
    }) as const

  test('compares the last tenth with the second: the first is warm-up, and one sample alone says nothing', () => {
    const flat = result(samples((i) => (i < 10 ? 50 : i === 95 ? 500 : 100)))
    expect(flat.rssMb).toEqual({ second: 100, last: 100, growthPercent: 0 })
    expect(soakFlaw(flat)).toBeUndefined()
  })

  test('finds what grows, and handles that stay', () => {
    expect(soakFlaw(result(samples((i) => 100 + i / 10)))).toBe(
      'bounded: resident memory grew by 7.9 %; 2 % are allowed',
    )
    const leaking = samples(() => 100).map((sample, i) => ({ ...sample, handles: i }))
    expect(soakFlaw(result(leaking))).toBe('bounded: 99 handles instead of 19')
  })
})
