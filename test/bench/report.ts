import { judge } from './goals.ts'
import { type GrpcResult, grpcTable } from './grpc/index.ts'
import { type Machine, machineLine } from './machine.ts'
import { type MemoryResult, memoryTable } from './memory/index.ts'
import { pinningSentence } from './pin.ts'
import { type Figure, pipelineTable } from './pipeline/index.ts'
import { type StartResult, startLine } from './start/index.ts'
import { table } from './stats.ts'
import type { Goal } from './verdict.ts'

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

/** Goals whose rows are not there stand in the JSON alone: of some runs they are most. */
function goalsTable(goals: readonly Goal[]): string {
  const rows = goals.filter(({ verdict }) => verdict !== 'not measured')
  const missing = goals.length - rows.length
  return [
    table([
      ['held to', 'goal', 'measured', ''],
      ...rows.map(({ name, goal, measured, verdict, by }) => [
        name,
        goal,
        measured,
        by === undefined ? verdict : `${verdict} by ${by}`,
      ]),
    ]),
    ...(missing === 0 ? [] : [`${missing} goals are not judged: this run left out rows that they need`]),
  ].join('\n')
}
