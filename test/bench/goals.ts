import { judgeGrpc } from './grpc/goals.ts'
import { LINES } from './lines.ts'
import { isBusy } from './machine.ts'
import type { MemoryResult } from './memory/index.ts'
import type { Report } from './report.ts'
import { type Goal, judgeMost } from './verdict.ts'

/** Of the parts that ran; a quick run has too few identities to say anything of memory. */
export function judge({ machine, grpc, memory, start, isQuick }: Omit<Report, 'goals'>): Goal[] {
  return [
    ...(grpc === undefined ? [] : judgeGrpc(grpc.rounds)),
    ...(memory === undefined || isQuick ? [] : memoryGoals(memory)),
    ...(start === undefined
      ? []
      : [judgeMost('start to ready', { most: LINES.startMs, unit: 'ms' }, start.medianMs, isBusy(machine))]),
  ]
}

const memoryGoals = ({ idleBytes, addedPeakBytes }: MemoryResult): Goal[] => [
  judgeMost('idle, RSS', { most: LINES.idleMb, unit: 'MB' }, idleBytes / 1e6),
  judgeMost(
    '100,000 identities over empty, peak RSS',
    { most: LINES.identitiesMb, unit: 'MB' },
    addedPeakBytes / 1e6,
  ),
]
