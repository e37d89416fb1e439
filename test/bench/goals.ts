import { isStarved } from './grpc/index.ts'
import type { Report } from './report.ts'

/** What Vigil is held to. A goal that is missed is told, and fails nothing: machines differ. */
export interface Goal {
  readonly name: string
  readonly goal: string
  readonly measured: string
  /** `in doubt`: something else ran, so that the figure says more of the machine. */
  readonly verdict: 'met' | 'NOT MET' | 'in doubt'
}

const verdict = (isMet: boolean): Goal['verdict'] => (isMet ? 'met' : 'NOT MET')

export function judge({ grpc, memory, start, isQuick }: Omit<Report, 'goals'>): Goal[] {
  const ratio = (row: string, least: number): Goal[] => {
    const found = grpc?.rows.find(({ row: name }) => name === row)
    if (grpc === undefined || found === undefined) return []
    const { mean } = found.ratio
    return [
      {
        name: `${row}: throughput to empty`,
        goal: `>= ${least}`,
        measured: mean.toFixed(2),
        verdict: isStarved(grpc.rows) ? 'in doubt' : verdict(mean >= least),
      },
    ]
  }
  const added = (memory?.addedPeakBytes ?? 0) / 1e6
  return [
    ...ratio('vigil, memory store', 0.7),
    ...ratio('vigil, Redis', 0.6),
    ...(memory === undefined || isQuick
      ? []
      : [
          {
            name: '100,000 identities over empty, peak RSS',
            goal: '<= 120 MB',
            measured: `${added.toFixed(0)} MB`,
            verdict: verdict(added <= 120),
          },
        ]),
    ...(start === undefined
      ? []
      : [
          {
            name: 'start to ready',
            goal: '<= 1,500 ms',
            measured: `${start.medianMs} ms`,
            verdict: verdict(start.medianMs <= 1500),
          },
        ]),
  ]
}
