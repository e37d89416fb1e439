import { isOverloaded } from '../grpc/overload.ts'
import { type RatioSummary, summariseRatios } from '../interval.ts'
import { LINES } from '../lines.ts'
import { median, type Spread, spread, table } from '../stats.ts'
import { type Goal, isWithinLateness, judgeRatio } from '../verdict.ts'
import { type CpuUs, IN_FLIGHT, type Loop, type Measured, RATES } from './rounds.ts'
import { ALONE, EMPTY } from './rows.ts'

/** An open loop of one row: latencies in microseconds from the moment at which sending was due. */
export interface OpenSummary {
  readonly perSecond: number
  readonly p50Us: Spread
  readonly p99Us: Spread
  /** Over Envoy alone in the same round; absent for Envoy alone, and where one of them is overloaded. */
  readonly addedP50Us?: Spread
  readonly addedP99Us?: Spread
  /** Added p50 over the empty handler's of the same round; absent where nothing is added, or not more than noise. */
  readonly addedRatio?: RatioSummary
  readonly cpuUs: CpuUs
  /** How late the driver itself sent: medians of rounds. */
  readonly lateP50Us: number
  readonly lateP99Us: number
  /** Answers came more slowly than requests: latency is that of a line which grows. */
  readonly isOverloaded: boolean
}

export interface EnvoySummary {
  readonly row: string
  /** Closed loop: Envoy and what it asks on one core. */
  readonly perSecond: Spread
  /** Throughput over that with the empty handler in the same round. */
  readonly ratio: RatioSummary
  readonly cpuUs: CpuUs
  readonly open: readonly OpenSummary[]
  readonly sent: number
  readonly passed: number
}

type Rounds = readonly (readonly Measured[])[]

/** What is compared is compared within a round, because the machine's speed drifts; everything else is a median of rounds. */
export function summarise(rounds: Rounds): EnvoySummary[] {
  const names = (rounds[0] ?? []).map(({ row }) => row)
  const of = (name: string) => rounds.map((round) => round.find(({ row }) => row === name) as Measured)
  const [alone, empty] = [of(ALONE), of(EMPTY)]
  return names.map((row) => {
    const all = of(row)
    const loops = all.flatMap(({ closed, open }) => [closed, ...open])
    const count = (get: (load: Loop['load']) => number) => loops.reduce((sum, { load }) => sum + get(load), 0)
    return {
      row,
      perSecond: spread(all.map(({ closed }) => closed.load.perSecond)),
      ratio: summariseRatios(
        all.map(({ closed }, i) => closed.load.perSecond / (empty[i]?.closed.load.perSecond ?? Number.NaN)),
      ),
      cpuUs: cpuOf(all.map(({ closed }) => closed)),
      open: RATES.map((perSecond) =>
        openOf(perSecond, row === ALONE, {
          own: loopsAt(all, perSecond),
          alone: loopsAt(alone, perSecond),
          empty: loopsAt(empty, perSecond),
        }),
      ),
      sent: count(({ sent }) => sent),
      passed: count(({ passed }) => passed),
    }
  })
}

const loopsAt = (all: readonly Measured[], perSecond: number): Loop[] =>
  all.map(({ open }) => open.find((loop) => loop.perSecond === perSecond) as Loop)

const cpuOf = (loops: readonly Loop[]): CpuUs => ({
  envoy: median(loops.map(({ cpuUs }) => cpuUs.envoy)),
  asked: median(loops.map(({ cpuUs }) => cpuUs.asked)),
})

interface Compared {
  readonly own: readonly Loop[]
  readonly alone: readonly Loop[]
  readonly empty: readonly Loop[]
}

type Percentile = 'p50Us' | 'p99Us'

function openOf(perSecond: number, isAlone: boolean, { own, alone, empty }: Compared): OpenSummary {
  const over = (loops: readonly Loop[], which: Percentile) =>
    loops.map(({ load }, i) => load[which] - (alone[i]?.load[which] ?? Number.NaN))
  const [isLost, isUnfounded] = [isLine(own), isLine(alone)]
  const ratio =
    isLost || isUnfounded || isLine(empty) ? undefined : ratioOf(over(own, 'p50Us'), over(empty, 'p50Us'))
  return {
    perSecond,
    p50Us: spread(own.map(({ load }) => load.p50Us)),
    p99Us: spread(own.map(({ load }) => load.p99Us)),
    ...(isAlone || isLost || isUnfounded
      ? {}
      : { addedP50Us: spread(over(own, 'p50Us')), addedP99Us: spread(over(own, 'p99Us')) }),
    ...(isAlone || ratio === undefined ? {} : { addedRatio: ratio }),
    cpuUs: cpuOf(own),
    lateP50Us: median(own.map(({ load }) => load.lateP50Us)),
    lateP99Us: median(own.map(({ load }) => load.lateP99Us)),
    isOverloaded: isLost,
  }
}

/** Whether half of the rounds or more were only the growth of a line: then nothing can be taken from them, or told of them. */
const isLine = (loops: readonly Loop[]): boolean =>
  loops.filter(({ load }) => isOverloaded(load)).length >= loops.length / 2

/** Undefined where one of them added nothing: a share of noise is none. */
function ratioOf(added: readonly number[], byEmpty: readonly number[]): RatioSummary | undefined {
  if ([...added, ...byEmpty].some((us) => !(us > 0))) return undefined
  return summariseRatios(added.map((us, i) => us / (byEmpty[i] ?? Number.NaN)))
}

/** Added p50 of Vigil over the empty handler's, at each rate. */
export function judgeEnvoy(rows: readonly EnvoySummary[]): Goal[] {
  return rows
    .filter(({ row }) => row.includes('Vigil'))
    .flatMap(({ row, open }) => open.map((one) => judgeAdded(row, one, latestAt(rows, one.perSecond))))
}

function judgeAdded(
  row: string,
  { perSecond, addedP50Us, addedRatio, isOverloaded: isLost }: OpenSummary,
  lateUs: number,
): Goal {
  const line = { most: LINES.addedThroughEnvoy }
  const ratio = isLost ? undefined : addedRatio
  const us = addedP50Us?.median ?? Number.NaN
  return judgeRatio(
    `${row}: added p50 at ${perSecond.toLocaleString('en')}/s to the empty handler's`,
    line,
    ratio,
    ratio !== undefined && isWithinLateness(line, ratio, { us, lateUs }),
  )
}

/** What is added is a difference of rows, so the driver's lateness (p50) in any of them counts. */
const latestAt = (rows: readonly EnvoySummary[], rate: number): number =>
  Math.max(
    ...rows.flatMap(({ open }) =>
      open.flatMap(({ perSecond, lateP50Us }) => (perSecond === rate ? lateP50Us : [])),
    ),
  )

const whole = (value: number | undefined) =>
  value === undefined || Number.isNaN(value) ? '' : Math.round(value).toLocaleString('en')
const ratioCell = (ratio: RatioSummary | undefined) =>
  ratio === undefined ? '' : `${ratio.mean.toFixed(2)} [${ratio.low.toFixed(2)}, ${ratio.high.toFixed(2)}]`

/** A table of the closed loop and one of each open loop. */
export function envoyTables(rows: readonly EnvoySummary[]): string {
  const closed = table([
    [`closed loop, ${IN_FLIGHT} in flight`, 'requests/s', 'to empty [95 %]', 'CPU us: Envoy', 'asked'],
    ...rows.map(({ row, perSecond, ratio, cpuUs }) => [
      row,
      whole(perSecond.median),
      ratioCell(ratio),
      whole(cpuUs.envoy),
      whole(cpuUs.asked),
    ]),
  ])
  return [closed, ...RATES.map((rate) => openTable(rows, rate)), ...doubts(rows)].join('\n\n')
}

function openTable(rows: readonly EnvoySummary[], rate: number): string {
  const head = [
    'p50 us',
    'p99 us',
    'added p50',
    'added p99',
    'added p50 to empty [95 %]',
    'CPU us: Envoy',
    'asked',
  ]
  return table([
    [`open loop, ${rate.toLocaleString('en')}/s`, ...head],
    ...rows.flatMap(({ row, open }) =>
      open
        .filter(({ perSecond }) => perSecond === rate)
        .map((one) => [
          one.isOverloaded ? `${row} (OVERLOADED)` : row,
          whole(one.p50Us.median),
          whole(one.p99Us.median),
          whole(one.addedP50Us?.median),
          whole(one.addedP99Us?.median),
          ratioCell(one.addedRatio),
          whole(one.cpuUs.envoy),
          whole(one.cpuUs.asked),
        ]),
    ),
  ])
}

function doubts(rows: readonly EnvoySummary[]): string[] {
  const latest = (which: 'lateP50Us' | 'lateP99Us') =>
    whole(Math.max(...rows.flatMap(({ open }) => open.map((one) => one[which]))))
  const refused = rows.filter(({ sent, passed }) => passed < sent)
  return [
    `the driver itself sent up to ${latest('lateP50Us')} us late at p50, ${latest('lateP99Us')} us at p99; latencies hold that, too`,
    ...refused.map(({ row, sent, passed }) => `${row}: ${whole(passed)} of ${whole(sent)} passed`),
  ]
}
