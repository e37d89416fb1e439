import { type Bar, barSpec } from './bars.ts'
import { titled } from './chart.ts'
import type { FiguresOf } from './figures.ts'
import { interval, markdownTable, number, range, ratio as share } from './text.ts'

type Bench = FiguresOf['bench']
type Grpc = NonNullable<Bench['grpc']>
type Row = Grpc['rows'][number]

/** Throughput of one core over the empty handler's, with the 95 % interval; checks per second behind. */
export function throughputSpec({ rows, inFlight }: Grpc): object {
  const bars = rows.flatMap(({ name, ratio, perSecond }): Bar[] => {
    if (ratio === undefined || perSecond === undefined) return []
    // A single round has no interval, and JSON knows no NaN.
    const {
      mean,
      low = null,
      high = null,
    } = ratio as { mean: number; low: number | null; high: number | null }
    return [
      {
        row: name,
        value: mean,
        low: low ?? mean,
        high: high ?? mean,
        text: `${share(mean)}, ${number(perSecond)}/s`,
      },
    ]
  })
  return titled(
    barSpec(bars),
    `Checks a core can do, as a share of the empty handler’s (${inFlight} in flight)`,
    [
      'Longer is better. Bar: mean of the shares of all rounds; line: its 95 % interval.',
      'Beside it the share, and the median of checks/s.',
    ],
  )
}

/** One bar of p50 and one of p99 for each row that kept the rate, on one core. */
export function latencySpec({ rows, perSecond: rates }: Grpc): object {
  const barsAt = (rate: number, which: 'p50Us' | 'p99Us') =>
    rows.flatMap(({ name, cores, at }): Bar[] => {
      const found = at[rate]
      if (cores !== 1 || found === undefined || found.isOverloaded) return []
      const [low, high] = found.range[which]
      const value = found[which] / 1000
      return [{ row: name, value, low: low / 1000, high: high / 1000, text: `${number(value)} ms` }]
    })
  const panels = rates.flatMap((rate) => [
    barSpec(barsAt(rate, 'p50Us'), `p50 at ${number(rate)} checks/s, ms`),
    barSpec(barsAt(rate, 'p99Us'), `p99 at ${number(rate)} checks/s, ms`),
  ])
  return titled({ vconcat: panels }, 'How long a check takes at fixed rates, on one core', [
    'Shorter is better. Bar: median of the rounds; line: from the least round to the greatest.',
    'Who cannot keep the rate is left out.',
  ])
}

/** Full load on one core. */
export const grpcTable = ({ rows, inFlight }: Grpc): string =>
  markdownTable(
    [
      `one core, ${inFlight} in flight`,
      'checks/s',
      'ratio to empty [95 %]',
      'by CPU',
      'CPU of a check, µs',
      'RSS, MB',
    ],
    rows
      .filter(({ perSecond }) => perSecond !== undefined)
      .map(({ name, perSecond, ratio, cpuRatio, cpuUsAtFull, rssMb }) => [
        name,
        cell(perSecond),
        ratio === undefined ? '' : interval(ratio),
        cpuRatio === undefined ? '' : cpuRatio.mean.toFixed(2),
        cell(cpuUsAtFull),
        cell(rssMb),
      ]),
  )

const cell = (value: number | undefined) => (value === undefined ? '' : number(value))

/** Fixed rates, one core and two. */
export const ratesTable = ({ rows, perSecond: rates }: Grpc): string =>
  markdownTable(
    [
      'fixed rate',
      'cores',
      ...rates.flatMap((rate) => [`p50, µs, ${number(rate)}/s`, 'p99', 'p99.9', 'CPU']),
    ],
    rows.map((row) => [row.name, String(row.cores), ...rates.flatMap((rate) => cellsAt(row, rate))]),
  )

/** How late the driver was itself; empty for figures of runs that did not keep it. */
export function latenessText({ rows, perSecond: rates }: Grpc): string {
  const at = (rate: number, which: 'p50Us' | 'p99Us') =>
    rows.flatMap(({ at }) => {
      const found = at[rate]
      return found === undefined || found.isOverloaded ? [] : (found.late?.[which] ?? [])
    })
  const span = (all: readonly number[]) => range({ min: Math.min(...all), max: Math.max(...all) })
  const each = rates
    .filter((rate) => at(rate, 'p50Us').length > 0)
    .map(
      (rate) =>
        `${span(at(rate, 'p50Us'))} µs at p50 and ${span(at(rate, 'p99Us'))} µs at p99 with ${number(rate)}/s`,
    )
  return each.length === 0
    ? ''
    : `How late the driver itself sent, by row: ${each.join(', ')}. That is in the latencies, too.`
}

function cellsAt({ at }: Row, rate: number): string[] {
  const found = at[rate]
  if (found === undefined) return ['', '', '', '']
  if (found.isOverloaded) return ['overloaded', '', '', '']
  return [found.p50Us, found.p99Us, found.p999Us, found.cpuUs].map(number)
}

/** In process, stage by stage. */
export const pipelineTable = (figures: NonNullable<Bench['pipeline']>): string =>
  markdownTable(
    ['in process, one call', 'median, ns', 'p99 of batches, ns', 'CPU, ns (mean)', 'heap, bytes'],
    figures.map(({ name, medianNs, p99Ns, cpuNs, bytes }) => [
      name,
      ...[medianNs, p99Ns, cpuNs, bytes].map(number),
    ]),
  )

/** Resident memory before and after many identities. */
export function memoryTable({
  rows,
  identities,
  addedPeakBytes,
  bytesPerIdentity,
}: NonNullable<Bench['memory']>) {
  const mb = (bytes: number) => number(bytes / 1e6)
  const table = markdownTable(
    [`${number(identities)} identities, MB`, 'RSS before', 'peak', 'settled', 'held'],
    rows.map(({ name, before, settled }) => [
      name,
      mb(before.rssBytes),
      mb(settled.peakRssBytes),
      mb(settled.rssBytes),
      mb(settled.heldBytes),
    ]),
  )
  return `${table}\n\nOver the empty handler: ${mb(addedPeakBytes)} MB at the peak; ${number(bytesPerIdentity)} bytes held for each identity.`
}
