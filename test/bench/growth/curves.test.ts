import { describe, expect, test } from '@jest/globals'
import { type Cell, inTurns } from './curves.ts'
import { parseOptions } from './options.ts'
import { globalPolicy, mixedPolicy, moreActions } from './policies.ts'
import { growthTables } from './report.ts'

describe('points in turns', () => {
  const cells: Cell[] = [
    { series: 'a', x: 1 },
    { series: 'a', x: 10 },
    { series: 'b', x: 1 },
  ]

  test('each round begins with another one, and every point has all rounds', async () => {
    const order: string[] = []
    const series = await inTurns(cells, 3, async ({ series: name, x }) => {
      order.push(`${name}${x}`)
      return { cpuUs: order.length }
    })
    expect(order.join(' ')).toBe('a1 a10 b1 a10 b1 a1 b1 a1 a10')
    expect(series.map(({ name, points }) => [name, points.map(({ x }) => x)])).toEqual([
      ['a', [1, 10]],
      ['b', [1]],
    ])
    expect(series[0]?.points[0]?.figures).toEqual({ cpuUs: { median: 6, min: 1, max: 8 } })
  })

  test('are told as a table', async () => {
    const rules = await inTurns(cells, 1, async ({ x }) => ({ cpuUs: x * 1000.4 }))
    expect(growthTables({ rules })).toMatch(/a: rules +cpuUs \(least-most\)/)
    expect(growthTables({ rules })).toContain('10,004 (10,004-10,004)')
  })
})

describe('policies', () => {
  const own = Array.from({ length: 10 }, (_, i) => ({ name: `own-${i}`, when: 'true', effect: 'deny' }))
  const about = (count: number, text: string) =>
    mixedPolicy(count, own).filter((rule) => String((rule as { when: string }).when).startsWith(text)).length

  test.each([1, 10, 30, 300, 1000])('%d rules are so many, and no name stands twice', (count) => {
    const names = mixedPolicy(count, own).map((rule) => (rule as { name: string }).name)
    expect(names).toHaveLength(count)
    expect(new Set(names).size).toBe(count)
    expect(globalPolicy(count)).toHaveLength(count)
  })

  test('1,000 are as a large policy is', () => {
    expect(about(1000, 'action.name')).toBe(900)
    expect(about(1000, 'action.sensitivity') + about(1000, 'subject.tenant')).toBe(90)
    expect(moreActions.length).toBeGreaterThan(50)
  })

  test('300 are made like the largest', () => {
    expect(about(300, 'action.name') / 290).toBeCloseTo(900 / 990, 1)
  })
})

describe('options of bench:growth', () => {
  test('all curves, unless some are named', () => {
    expect(parseOptions([])?.curves).toHaveLength(5)
    expect(parseOptions(['--only', 'rules', '--only', 'headers'])?.curves).toEqual(['rules', 'headers'])
    expect(parseOptions(['--help'])).toBeUndefined()
  })

  test('what is no curve is refused by name', () => {
    expect(() => parseOptions(['--only', 'speed'])).toThrow('give one of identities, rules, in-flight')
  })
})
