import { judgeGrpc } from './grpc/goals.ts'
import { LINES } from './lines.ts'
import { isBusy } from './machine.ts'
import type { Report } from './report.ts'
import type { StartResult } from './start/index.ts'
import { type Goal, judgeMost } from './verdict.ts'

/** Of the parts that ran; a quick run has too few identities to say anything of their memory. */
export function judge({ machine, grpc, memory, start, isQuick }: Omit<Report, 'goals'>): Goal[] {
  return [
    ...(grpc === undefined ? [] : judgeGrpc(grpc.rounds)),
    ...(memory === undefined || isQuick
      ? []
      : [
          judgeMost(
            '100,000 identities over empty, peak RSS',
            { most: LINES.identitiesMb, unit: 'MB' },
            memory.addedPeakBytes / 1e6,
          ),
        ]),
    ...(start === undefined ? [] : startGoals(start, isBusy(machine))),
  ]
}

const startGoals = ({ medianMs, idleBytes }: StartResult, isDoubtful: boolean): Goal[] => [
  judgeMost(
    'idle, RSS',
    { most: LINES.idleMb, unit: 'MB' },
    idleBytes === undefined ? undefined : idleBytes / 1e6,
  ),
  judgeMost('start to ready', { most: LINES.startMs, unit: 'ms' }, medianMs, isDoubtful),
]
