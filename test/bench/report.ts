import { type Goal, judge } from './goals.ts'
import { type GrpcResult, grpcTable } from './grpc/index.ts'
import { type Machine, machineLine } from './machine.ts'
import { type MemoryResult, memoryTable } from './memory/index.ts'
import { pinningSentence } from './pin.ts'
import { type Figure, pipelineTable } from './pipeline/index.ts'
import { type StartResult, startLine } from './start/index.ts'
import { table } from './stats.ts'

/** What `--json` writes. Parts that were not asked for are absent. */
export interface Report {
  readonly machine: Machine
  readonly isQuick: boolean
  readonly pipeline?: readonly Figure[]
  readonly grpc?: GrpcResult
  readonly memory?: MemoryResult
  readonly start?: StartResult
  readonly goals: readonly Goal[]
}

export const withGoals = (report: Omit<Report, 'goals'>): Report => ({ ...report, goals: judge(report) })

export function render({ machine, pipeline, grpc, memory, start, goals }: Report): string {
  return [
    `${machineLine(machine)}\n${pinningSentence}`,
    ...(pipeline === undefined ? [] : [pipelineTable(pipeline)]),
    ...(grpc === undefined ? [] : [grpcTable(grpc.rows)]),
    ...(memory === undefined ? [] : [memoryTable(memory)]),
    ...(start === undefined ? [] : [startLine(start)]),
    ...(goals.length === 0 ? [] : [goalsTable(goals)]),
  ].join('\n\n')
}

const goalsTable = (goals: readonly Goal[]): string =>
  table([
    ['held to', 'goal', 'measured', ''],
    ...goals.map(({ name, goal, measured, verdict }) => [name, goal, measured, verdict]),
  ])
