import { describe, expect, test } from '@jest/globals'
import { judgeGrpc } from './goals.ts'
import { type Figures, measuredOf } from './measured.ts'
import type { Measured } from './rounds.ts'
import { EMPTY, FRESH, MANY_RULES, MEMORY, onTwoCores, PROVEN, REDIS } from './rows.ts'

/** Every line is met: whoever falls behind in a test does so alone. */
const GOOD: Readonly<Record<string, Figures>> = {
  [EMPTY]: { perSecond: 10_000, p50Us: 400, p99Us: 4000 },
  [MEMORY]: { perSecond: 9500, p50Us: 500, p99Us: 4500 },
  [REDIS]: { perSecond: 9000, p50Us: 500, p99Us: 4500 },
  [PROVEN]: { perSecond: 5000 },
  [FRESH]: { perSecond: 4000 },
  [MANY_RULES]: { perSecond: 9000 },
  heimdall: { perSecond: 3000, p50Us: 700, p99Us: 9000, tooMuch: [3000] },
  authorino: { perSecond: 900, tooMuch: [1000, 3000] },
  [onTwoCores(EMPTY)]: { p50Us: 400, p99Us: 3000 },
  [onTwoCores(MEMORY)]: { p50Us: 500, p99Us: 3300 },
  [onTwoCores(REDIS)]: { p50Us: 500, p99Us: 3300 },
  [onTwoCores('heimdall')]: { p50Us: 900, p99Us: 5000 },
}

function roundsOf(changed: Readonly<Record<string, Figures | undefined>> = {}): Measured[][] {
  const rows = Object.entries({ ...GOOD, ...changed })
  const round = rows.flatMap(([row, figures]) => (figures === undefined ? [] : measuredOf(row, figures)))
  return [round, round, round]
}

const judged = (changed?: Parameters<typeof roundsOf>[0]) =>
  judgeGrpc(roundsOf(changed)).filter(({ verdict }) => verdict !== 'met')

const withFigures = (row: string, figures: Figures) => ({ [row]: { ...GOOD[row], ...figures } })

describe('what the gRPC rows are held to', () => {
  test('all lines can be met at once', () => {
    expect(judged()).toEqual([])
  })

  test.each([
    [MEMORY, { perSecond: 8000 }, [`${MEMORY}: checks/s to empty`]],
    [REDIS, { perSecond: 7400 }, [`${REDIS}: checks/s to empty`]],
    [PROVEN, { perSecond: 4400 }, [`${PROVEN}: checks/s to empty`]],
    [FRESH, { perSecond: 2900 }, [`${FRESH}: checks/s to empty`, `${FRESH}: checks/s to heimdall`]],
    [MANY_RULES, { cpuUs: 261 }, ['1,000 rules to 10: CPU per check at 1,000/s']],
    ['heimdall', { perSecond: 3700 }, [`${REDIS}: checks/s to heimdall`]],
    ['authorino', { perSecond: 1150 }, [`${REDIS}: checks/s to authorino`]],
    [MEMORY, { p50Us: 701 }, [`${MEMORY}: p50 at 1,000/s to the better peer`]],
    [
      REDIS,
      { p99Us: 9001 },
      [`${REDIS}: p99 at 1,000/s to the better peer`, `${REDIS}: p99 at 1,000/s to empty`],
    ],
    [
      onTwoCores(MEMORY),
      { p99Us: 5001 },
      [
        `${onTwoCores(MEMORY)}: p99 at 1,000/s to the better peer`,
        `${onTwoCores(MEMORY)}: p99 at 3,000/s to the better peer`,
        `${onTwoCores(MEMORY)}: p99 at 1,000/s to empty`,
      ],
    ],
  ] as const)('%s with %j', (row, figures, names) => {
    const missed = judged(withFigures(row, figures))
    expect(missed.map(({ name }) => name)).toEqual(expect.arrayContaining([...names]))
    for (const { name, verdict, by } of missed)
      expect([name, verdict, by]).toEqual([name, 'NOT MET', expect.stringMatching(/^\d+ %$/)])
  })

  test('against the better peer of each round', () => {
    const missed = judged({ authorino: { perSecond: 1000, p50Us: 450, p99Us: 4400 } })
    expect(missed.map(({ name }) => name)).toContain(`${MEMORY}: p50 at 1,000/s to the better peer`)
  })

  test('who cannot keep a rate has lost, and where all peers cannot, Vigil has won', () => {
    const [lost] = judged(withFigures(MEMORY, { tooMuch: [1000] }))
    expect(lost).toMatchObject({ measured: 'overloaded', verdict: 'NOT MET' })
    const won = judgeGrpc(roundsOf()).find(
      ({ name }) => name === `${MEMORY}: p50 at 3,000/s to the better peer`,
    )
    expect(won).toMatchObject({ measured: 'peers overloaded', verdict: 'met' })
  })

  test('rows that are not there leave their goals unjudged', () => {
    const missing = judged({ heimdall: undefined, authorino: undefined, [onTwoCores('heimdall')]: undefined })
    expect(new Set(missing.map(({ verdict }) => verdict))).toEqual(new Set(['not measured']))
    expect(missing.map(({ name }) => name)).toContain(`${MEMORY}: checks/s to heimdall`)
  })

  test('a server that did not get its core settles nothing', () => {
    const starved = judged(withFigures(MEMORY, { perSecond: 100, busyShare: 0.5 }))
    expect(starved.find(({ name }) => name === `${MEMORY}: checks/s to empty`)?.verdict).toBe('in doubt')
  })

  const verdictOf = (goal: string, changed: Parameters<typeof roundsOf>[0]) =>
    judgeGrpc(roundsOf(changed)).find(({ name }) => name === goal)?.verdict

  // p50 is 500 against 700 us, p99 4,500 against 9,000; to the empty handler's p99 of 4,000 the line is at 5,200.
  test.each([
    ['p50 at 1,000/s to the better peer', { lateP50Us: 199, lateP99Us: 90_000 }, 'met'],
    ['p50 at 1,000/s to the better peer', { lateP50Us: 200 }, 'in doubt'],
    ['p99 at 1,000/s to the better peer', { lateP99Us: 4499 }, 'met'],
    ['p99 at 1,000/s to the better peer', { lateP99Us: 4500 }, 'in doubt'],
    ['p99 at 1,000/s to empty', { lateP99Us: 699 }, 'met'],
    ['p99 at 1,000/s to empty', { lateP99Us: 701 }, 'in doubt'],
  ] as const)('%s, with a driver that was late: %j', (goal, late, verdict) => {
    expect(verdictOf(`${MEMORY}: ${goal}`, withFigures(MEMORY, late))).toBe(verdict)
    const other = goal.endsWith('empty') ? EMPTY : 'heimdall'
    expect(verdictOf(`${MEMORY}: ${goal}`, withFigures(other, late))).toBe(verdict)
  })

  test('with two cores it is the same', () => {
    const goal = `${onTwoCores(MEMORY)}: p50 at 1,000/s to the better peer`
    expect(verdictOf(goal, withFigures(onTwoCores(MEMORY), { lateP50Us: 399 }))).toBe('met')
    expect(verdictOf(goal, withFigures(onTwoCores(MEMORY), { lateP50Us: 400 }))).toBe('in doubt')
  })
})
