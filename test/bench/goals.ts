import type { Report } from './report.ts'

/** What Vigil is held to. A goal that is missed is told, and fails nothing: machines differ. */
export interface Goal {
  readonly name: string
  readonly goal: string
  readonly measured: string
  readonly isMet: boolean
}

export function judge({ grpc, memory, start, isQuick }: Omit<Report, 'goals'>): Goal[] {
  const ratio = (row: string, least: number): Goal[] => {
    const found = grpc?.rows.find(({ row: name }) => name === row)
    if (found === undefined) return []
    const { mean } = found.ratio
    return [
      {
        name: `${row}: throughput to empty`,
        goal: `>= ${least}`,
        measured: mean.toFixed(2),
        isMet: mean >= least,
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
            isMet: added <= 120,
          },
        ]),
    ...(start === undefined
      ? []
      : [
          {
            name: 'start to ready',
            goal: '<= 1,500 ms',
            measured: `${start.medianMs} ms`,
            isMet: start.medianMs <= 1500,
          },
        ]),
  ]
}
