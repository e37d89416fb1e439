import { describe, expect, test } from '@jest/globals'
import type { LoadResult } from '../grpc/load.ts'
import { envoyTables, judgeEnvoy, summarise } from './report.ts'
import { type Loop, type Measured, RATES } from './rounds.ts'
import { ALONE, EMPTY } from './rows.ts'

const VIGIL = '+ Vigil, memory store'

function loopOf(perSecond: number, p50Us: number, more: Partial<LoadResult> = {}): Loop {
  const load = {
    ...{ sent: 1000, passed: 1000, refused: 0, failed: 0, perSecond, tookMs: 1000, p50Us, p99Us: 10 * p50Us },
    ...{ p999Us: 0, maxUs: 0, lateP50Us: 5, lateP99Us: 50, backlog: 0, driverShare: 0.1 },
    ...more,
  }
  return { load, cpuUs: { envoy: 80, asked: 60 } }
}

const measured = (row: string, perSecond: number, p50Us: number, more?: Partial<LoadResult>): Measured => ({
  row,
  closed: loopOf(perSecond, p50Us),
  open: RATES.map((rate) => ({ perSecond: rate, ...loopOf(rate, p50Us, more) })),
})

const round = (slowness: number, more?: Partial<LoadResult>) => [
  measured(VIGIL, 4000 / slowness, 300 * slowness, more),
  measured(ALONE, 20_000 / slowness, 100 * slowness),
  measured(EMPTY, 5000 / slowness, 350 * slowness),
]

describe('what rounds come to', () => {
  const rows = summarise([round(1), round(2), round(3)])
  const of = (name: string) => rows.find(({ row }) => row === name)

  test('is compared within a round, so that a machine that slows down changes no ratio', () => {
    expect(of(VIGIL)?.ratio.mean).toBeCloseTo(0.8)
    expect(of(VIGIL)?.open[0]?.addedRatio?.mean).toBeCloseTo(200 / 250)
    expect(of(VIGIL)?.open[0]?.addedP50Us).toEqual({ median: 400, min: 200, max: 600 })
  })

  test('adds nothing to Envoy alone', () => {
    expect(of(ALONE)?.open[0]).not.toHaveProperty('addedP50Us')
    expect(of(ALONE)?.open[0]).not.toHaveProperty('addedRatio')
  })

  test('is judged by the added p50', () => {
    expect(judgeEnvoy(rows).map(({ verdict }) => verdict)).toEqual(RATES.map(() => 'met'))
    const slow = summarise(
      [1, 2, 3].map((slowness) => [measured(VIGIL, 1, 400 * slowness), ...round(slowness).slice(1)]),
    )
    expect(judgeEnvoy(slow)[0]).toMatchObject({
      verdict: 'NOT MET',
      measured: expect.stringContaining('1.20'),
    })
  })

  test('a driver that is late at p50 by what lies between it and the line leaves it in doubt', () => {
    const judgedWith = (late: Partial<LoadResult>) => summarise([round(1, late), round(1, late)])
    // Added are 200 and 250 us, and the line is at 275.
    expect(judgeEnvoy(judgedWith({ lateP50Us: 75 }))[0]?.verdict).toBe('in doubt')
    const seldom = judgedWith({ lateP50Us: 74, lateP99Us: 5000 })
    expect(judgeEnvoy(seldom)[0]?.verdict).toBe('met')
    expect(envoyTables(seldom)).toContain('sent up to 74 us late at p50, 5,000 us at p99')
  })

  test('that it was late beside Envoy alone counts, too: what is added is a difference', () => {
    const rounds = [1, 2].map(() => [
      ...round(1).filter(({ row }) => row !== ALONE),
      measured(ALONE, 20_000, 100, { lateP50Us: 75 }),
    ])
    expect(judgeEnvoy(summarise(rounds))[0]?.verdict).toBe('in doubt')
  })

  test('a line that grows has no latency of its own', () => {
    const lost = summarise([round(1, { backlog: 900 }), round(1, { backlog: 900 })])
    const open = lost.find(({ row }) => row === VIGIL)?.open[0]
    expect(open).toMatchObject({ isOverloaded: true })
    expect(open).not.toHaveProperty('addedP50Us')
    expect(judgeEnvoy(lost)[0]?.verdict).toBe('not measured')
    expect(envoyTables(lost)).toContain(`${VIGIL} (OVERLOADED)`)
  })

  test('nothing is compared with an empty handler that is overloaded', () => {
    const [vigil, alone] = round(1)
    const lost = summarise([[vigil, alone, measured(EMPTY, 5000, 350, { backlog: 900 })] as Measured[]])
    const open = lost.find(({ row }) => row === VIGIL)?.open[0]
    expect(open).toHaveProperty('addedP50Us')
    expect(open).not.toHaveProperty('addedRatio')
  })

  test('what did not pass is told', () => {
    expect(envoyTables(summarise([round(1, { passed: 995 })]))).toContain(`${VIGIL}: 2,990 of 3,000 passed`)
  })
})
