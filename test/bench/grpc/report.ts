import type { RatioSummary } from '../interval.ts'
import { table } from '../stats.ts'
import { FIXED_PER_SECOND, IN_FLIGHT } from './plan.ts'
import type { RateSummary, RowSummary } from './summary.ts'

const number = (value: number) => value.toLocaleString('en')

const ratioCell = ({ mean, low, high, min, max }: RatioSummary) =>
  `${mean.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}] (${min.toFixed(2)}-${max.toFixed(2)})`

export function grpcTable(rows: readonly RowSummary[]): string {
  return [
    throughputTable(rows.filter(({ cores }) => cores === 1)),
    '',
    latencyTable(rows),
    ...rows.flatMap(passedLine),
    ...doubts(rows),
  ].join('\n')
}

const throughputTable = (rows: readonly RowSummary[]): string =>
  table([
    [
      `gRPC, one core, ${IN_FLIGHT} in flight`,
      'checks/s',
      'ratio [95 %] (range)',
      'by CPU',
      'CPU us, full',
      `CPU us, ${number(FIXED_PER_SECOND)}/s`,
      'RSS MB',
    ],
    ...rows.map(({ name, perSecond, ratio, cpuRatio, cpuUsAtFull, cpuUs, rssMb }) => [
      name,
      perSecond === undefined ? '' : number(perSecond),
      ratio === undefined ? '' : ratioCell(ratio),
      cpuRatio?.mean.toFixed(2) ?? '',
      cpuUsAtFull?.toFixed(0) ?? '',
      cpuUs?.toFixed(0) ?? '',
      rssMb.toFixed(0),
    ]),
  ])

function latencyTable(rows: readonly RowSummary[]): string {
  const rates = Object.keys(rows[0]?.at ?? {})
  return table([
    ['gRPC, us from when it was due', ...rates.flatMap((rate) => rateTitles(Number(rate)))],
    ...rows.map(({ name, at }) => [name, ...rates.flatMap((rate) => rateCells(at[rate]))]),
  ])
}

const rateTitles = (rate: number) => [`${number(rate)}/s: p50`, 'p99 (range)', 'p99.9', 'late p50, p99']

function rateCells(rate: RateSummary | undefined): string[] {
  if (rate === undefined) return ['', '', '', '']
  if (rate.isOverloaded) return ['overloaded', '', '', '']
  const [least, greatest] = rate.range.p99Us
  return [
    number(rate.p50Us),
    `${number(rate.p99Us)} (${number(least)}-${number(greatest)})`,
    number(rate.p999Us),
    `${number(rate.late.p50Us)}, ${number(rate.late.p99Us)}`,
  ]
}

/** How many passed: always for proofs and first tokens, elsewhere when some did not. */
function passedLine({ name, passed, sent }: RowSummary): string[] {
  const isTold = passed < sent || /proof|first/.test(name)
  return isTold ? [`${name}: ${number(passed)} of ${number(sent)} passed, none was sent twice`] : []
}

const BUSY = 0.9

/** Whether a server did not get its core at full load: then it was not at its limit. */
export const isStarved = ({ busyShare = 1 }: Pick<RowSummary, 'busyShare'>): boolean => busyShare < BUSY

/** What else ran on the machine takes a server its core; what it does to the driver stands in the column `late`. */
const doubts = (rows: readonly RowSummary[]): string[] =>
  rows.filter(isStarved).map((row) => `IN DOUBT: ${starvedLine(row)}`)

const percent = (share = 0) => `${(100 * share).toFixed(0)} %`

const starvedLine = ({ name, busyShare, driverShare = 0 }: RowSummary): string => {
  const why = driverShare > BUSY ? `the driver was at its limit (${percent(driverShare)})` : 'others used it'
  return `${name}: used ${percent(busyShare)} of its core at full load, ${why}; believe the CPU columns, not checks/s`
}
