import { describe, expect, test } from '@jest/globals'
import { measuredOf } from './measured.ts'
import { EMPTY, MEMORY, onTwoCores } from './rows.ts'
import { ratioBetween, summarise } from './summary.ts'

const round = (empty: number, vigil: number, p99Us = 4000) => [
  measuredOf(EMPTY, { perSecond: empty }),
  measuredOf(MEMORY, { perSecond: vigil, p99Us }),
]

describe('what becomes of rounds', () => {
  test('ratios are taken round by round, the rest are medians', () => {
    const [empty, vigil] = summarise([round(10_000, 5000), round(20_000, 10_000), round(1000, 500)])
    expect(empty).toMatchObject({ name: EMPTY, perSecond: 10_000, ratio: { mean: 1 } })
    expect(vigil?.ratio?.mean).toBeCloseTo(0.5)
    expect([vigil?.ratio?.min, vigil?.ratio?.max]).toEqual([0.5, 0.5])
    expect(vigil).toMatchObject({ name: MEMORY, perSecond: 5000, cpuUsAtFull: 200, cpuUs: 200, rssMb: 200 })
  })

  test('latencies have their range and their ratio to the empty handler', () => {
    const [, vigil] = summarise([round(10, 5, 2000), round(10, 5, 8000), round(10, 5, 4000)])
    expect(vigil?.at['1000']).toMatchObject({
      isOverloaded: false,
      p50Us: 400,
      p99Us: 4000,
      p999Us: 9000,
      range: { p99Us: [2000, 8000] },
    })
    const at = vigil?.at['3000']
    if (at?.isOverloaded !== false) throw new Error('overloaded')
    expect(at.ratio.p99.mean).toBeCloseTo(1)
    expect(at.ratio.p99.max).toBeCloseTo(2)
  })

  test('a rate that was too much in half of the rounds has no figure, and no CPU per check', () => {
    const slow = (tooMuch: number[]) => [
      measuredOf(EMPTY, { perSecond: 9 }),
      measuredOf('x', { perSecond: 9, tooMuch }),
    ]
    const [, half] = summarise([slow([1000]), slow([])])
    expect(half?.at['1000']).toEqual({ isOverloaded: true })
    expect(half).not.toHaveProperty('cpuUs')
    const [, third] = summarise([slow([3000]), slow([]), slow([])])
    expect(third?.at['3000']).toMatchObject({ isOverloaded: false })
  })

  test('a server with two cores has open loops only, compared with the empty handler on two', () => {
    const pair = (empty: number, vigil: number) => [
      measuredOf(EMPTY, { perSecond: 9, p99Us: 1 }),
      measuredOf(onTwoCores(EMPTY), { p99Us: empty }),
      measuredOf(onTwoCores(MEMORY), { p99Us: vigil }),
    ]
    const vigil = summarise([pair(1000, 3000), pair(2000, 6000)])[2]
    expect(vigil).toMatchObject({ name: onTwoCores(MEMORY), cores: 2 })
    expect(vigil).not.toHaveProperty('perSecond')
    const at = vigil?.at['1000']
    expect(at?.isOverloaded === false && at.ratio.p99.mean).toBeCloseTo(3)
  })

  test('rows stand in the order of the plan, whichever began a round', () => {
    const [a, b, c] = [EMPTY, 'b', 'c'].map((name) => measuredOf(name, { perSecond: 9 }))
    if (a === undefined || b === undefined || c === undefined) throw new Error('rows')
    expect(
      summarise([
        [a, b, c],
        [b, c, a],
      ]).map(({ name }) => name),
    ).toEqual([EMPTY, 'b', 'c'])
  })

  test('rows that never met have no ratio', () => {
    expect(ratioBetween([round(1, 1)], [MEMORY, 'nobody'], () => 1)).toBeUndefined()
  })
})
