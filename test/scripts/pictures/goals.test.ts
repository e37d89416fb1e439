import { expect, test } from '@jest/globals'
import { countSentence, goalTables } from '../../../scripts/pictures/goals.ts'
import { judgeEnvoy } from '../../bench/envoy/report.ts'
import { judge } from '../../bench/goals.ts'
import type { Goal } from '../../bench/verdict.ts'

const goalOf = (name: string, verdict: Goal['verdict'], more: Partial<Goal> = {}): Goal => ({
  name,
  goal: '<= 1',
  measured: '0.50',
  verdict,
  ...more,
})

test('lines are counted by what became of them', () => {
  const goals = (['met', 'in doubt', 'met', 'NOT MET'] as const).map((verdict) => goalOf('x', verdict))
  expect(countSentence(goals)).toBe('**Of 4 lines: 2 met, 1 not met, 1 in doubt.**')
  expect(countSentence([goalOf('x', 'not measured')])).toBe('**Of 1 lines: 0 met, 1 not measured.**')
})

test('rows with the same names become lines, and what they are held to columns', () => {
  expect(
    goalTables([
      goalOf('start to ready', 'met', { goal: '<= 9 ms' }),
      goalOf('a: p50 at 1,000/s to empty', 'met'),
      goalOf('b: p50 at 1,000/s to empty', 'NOT MET', { by: '5 %' }),
      goalOf('a: p99 at 1,000/s to empty', 'in doubt'),
      goalOf('b: p99 at 1,000/s to empty', 'not measured'),
      goalOf('a: checks/s to empty', 'met', { goal: '>= 1' }),
      goalOf('b: checks/s to empty', 'met', { goal: '>= 2' }),
    ]),
  ).toEqual([
    `**Throughput of one core**

|  | checks/s to empty |
|---|---|
| a | 0.50 (>= 1) **met** |
| b | 0.50 (>= 2) **met** |`,
    `**Latency**

|  | p50 at 1,000/s to empty (<= 1) | p99 at 1,000/s to empty (<= 1) |
|---|---|---|
| a | 0.50 **met** | 0.50 in doubt |
| b | 0.50 **NOT MET** by 5 % |  |`,
    `**Memory and start**

| held to | line | measured |  |
|---|---|---|---|
| start to ready | <= 9 ms | 0.50 | **met** |`,
  ])
})

test('a goal that nobody has a place for is no goal of the page', () => {
  expect(() => goalTables([goalOf('something new', 'met')])).toThrow('no group of the summary takes')
})

test('every goal that benchmarks judge has one', () => {
  const grpc = { rounds: [] } as never
  const memory = { addedPeakBytes: 1 } as never
  const start = { medianMs: 1, idleBytes: 1 } as never
  const machine = { loadBefore: 0, cores: 2 } as never
  const goals = [
    ...judge({ machine, isQuick: false, grpc, memory, start }),
    ...judgeEnvoy([{ row: '+ Vigil, Redis', open: [{ perSecond: 500, lateP50Us: 1 }] } as never]),
  ]
  expect(goals.length).toBeGreaterThan(30)
  expect(goalTables(goals.map((goal) => ({ ...goal, verdict: 'met' }))).length).toBe(5)
})
