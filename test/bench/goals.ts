import { judgeGrpc } from './grpc/goals.ts'
import { LINES } from './lines.ts'
import type { Report } from './report.ts'
import { type Goal, judgeMost } from './verdict.ts'

/** Of the parts that ran; a quick run has too few identities to say anything of memory. */
export function judge({ grpc, memory, start, isQuick }: Omit<Report, 'goals'>): Goal[] {
  const isJudged = memory !== undefined && !isQuick
  return [
    ...(grpc === undefined ? [] : judgeGrpc(grpc.rounds)),
    ...(isJudged
      ? [
          judgeMost('idle, RSS', LINES.idleMb, memory.idleBytes / 1e6, 'MB'),
          judgeMost(
            '100,000 identities over empty, peak RSS',
            LINES.identitiesMb,
            memory.addedPeakBytes / 1e6,
            'MB',
          ),
        ]
      : []),
    ...(start === undefined ? [] : [judgeMost('start to ready', LINES.startMs, start.medianMs, 'ms')]),
  ]
}
