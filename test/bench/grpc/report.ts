import { type RatioSummary, summariseRatios } from '../interval.ts'
import { median, table } from '../stats.ts'
import { FIXED_PER_SECOND, IN_FLIGHT, type Measured } from './rounds.ts'
import { EMPTY } from './rows.ts'

export interface RowSummary {
  readonly row: string
  readonly perSecond: number
  /** Throughput against the empty handler of the same round. */
  readonly ratio: RatioSummary
  /** The same by CPU: what a core could do if nobody else used it. */
  readonly cpuRatio: RatioSummary
  readonly cpuUsAtFull: number
  readonly cpuUs: number
  /** Of the open loop, from the moment sending was due. */
  readonly p50Us: number
  readonly p99Us: number
  readonly rssBytes: number
  readonly sent: number
  readonly passed: number
  readonly busyShare: number
  readonly lateP99Us: number
}

/** Ratios are taken round by round, because the machine's speed drifts; everything else is a median of rounds. */
export function summarise(rounds: readonly (readonly Measured[])[]): RowSummary[] {
  const names = new Set(rounds[0]?.map(({ row }) => row))
  const of = (name: string) => rounds.flatMap((round) => round.filter(({ row }) => row === name))
  const empty = of(EMPTY)
  const order = [EMPTY, ...[...names].filter((name) => name !== EMPTY)]
  return order.map((row) => {
    const all = of(row)
    const middle = (get: (one: Measured) => number) => median(all.map(get))
    const ratios = (get: (one: Measured) => number) =>
      summariseRatios(all.map((one, i) => get(one) / get(empty[i] ?? one)))
    const count = (get: (one: Measured['closed']) => number) =>
      all.reduce((sum, { closed, open }) => sum + get(closed) + get(open), 0)
    return {
      row,
      perSecond: Math.round(middle(({ closed }) => closed.perSecond)),
      ratio: ratios(({ closed }) => closed.perSecond),
      cpuRatio: ratios(({ cpuUsAtFull }) => 1 / cpuUsAtFull),
      cpuUsAtFull: middle(({ cpuUsAtFull }) => cpuUsAtFull),
      cpuUs: middle(({ cpuUs }) => cpuUs),
      p50Us: Math.round(middle(({ open }) => open.p50Us)),
      p99Us: Math.round(middle(({ open }) => open.p99Us)),
      rssBytes: middle(({ rssBytes }) => rssBytes),
      sent: count(({ sent }) => sent),
      passed: count(({ passed }) => passed),
      busyShare: middle(({ busyShare }) => busyShare),
      lateP99Us: Math.round(middle(({ open }) => open.lateP99Us)),
    }
  })
}

const ratioCell = ({ mean, low, high, min, max }: RatioSummary) =>
  `${mean.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}] (${min.toFixed(2)}-${max.toFixed(2)})`

export function grpcTable(rows: readonly RowSummary[]): string {
  return [
    table([
      [
        `gRPC, ${IN_FLIGHT} in flight; then ${FIXED_PER_SECOND}/s`,
        'checks/s',
        'ratio [95 %] (range)',
        'by CPU',
        'CPU us, full',
        `CPU us, ${FIXED_PER_SECOND}/s`,
        'p50 us',
        'p99 us',
        'RSS MB',
      ],
      ...rows.map((row) => [
        row.row,
        row.perSecond.toLocaleString('en'),
        ratioCell(row.ratio),
        row.cpuRatio.mean.toFixed(2),
        row.cpuUsAtFull.toFixed(0),
        row.cpuUs.toFixed(0),
        row.p50Us.toLocaleString('en'),
        row.p99Us.toLocaleString('en'),
        (row.rssBytes / 1e6).toFixed(0),
      ]),
    ]),
    ...rows.flatMap(passedLine),
    ...doubts(rows),
  ].join('\n')
}

/** How many passed: always for proofs and first tokens, elsewhere when some did not. */
function passedLine({ row, passed, sent }: RowSummary): string[] {
  const number = (value: number) => value.toLocaleString('en')
  const isTold = passed < sent || /proof|first/.test(row)
  return isTold ? [`${row}: ${number(passed)} of ${number(sent)} passed, none was sent twice`] : []
}

const BUSY = 0.9
const LATE_US = 1000

const leastBusy = (rows: readonly RowSummary[]) => Math.min(...rows.map(({ busyShare }) => busyShare))

/** Whether a server did not get its core at full load. */
export const isStarved = (rows: readonly RowSummary[]): boolean => leastBusy(rows) < BUSY

/** What else ran on the machine can spoil figures in two ways, and both are seen. */
function doubts(rows: readonly RowSummary[]): string[] {
  const busy = leastBusy(rows)
  const late = Math.max(...rows.map(({ lateP99Us }) => lateP99Us))
  return [
    // Then the server was not at its limit, and throughput says more of the machine than of Vigil.
    ...(isStarved(rows)
      ? [
          `IN DOUBT: a server got ${(100 * busy).toFixed(0)} % of its core at full load; believe the CPU columns, not checks/s`,
        ]
      : []),
    ...(late > LATE_US
      ? [
          `IN DOUBT: the driver itself sent up to ${(late / 1000).toFixed(1)} ms late (p99); p50 and p99 hold that, too`,
        ]
      : []),
  ]
}
