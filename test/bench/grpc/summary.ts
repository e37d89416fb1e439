import { type RatioSummary, summariseRatios } from '../interval.ts'
import { median } from '../stats.ts'
import { FIXED_PER_SECOND } from './plan.ts'
import type { Fixed, Measured } from './rounds.ts'
import { EMPTY, onTwoCores } from './rows.ts'

export type Quantile = 'p50Us' | 'p99Us' | 'p999Us'
/** Those that goals are about. */
export type JudgedQuantile = 'p50Us' | 'p99Us'
export const QUANTILES: readonly Quantile[] = ['p50Us', 'p99Us', 'p999Us']

/** Latencies of an open loop in microseconds, from the moment sending was due: medians of rounds, with the least and greatest. */
export interface RateFigures extends Readonly<Record<Quantile, number>> {
  readonly isOverloaded: false
  readonly cpuUs: number
  readonly range: Readonly<Record<Quantile, readonly [least: number, greatest: number]>>
  /** To the empty handler's on as many cores in the same round. */
  readonly ratio: { readonly p50: RatioSummary; readonly p99: RatioSummary }
  /** How late the driver itself sent: medians of rounds, microseconds. */
  readonly late: Readonly<Record<JudgedQuantile, number>>
}

/** `isOverloaded`: in half of the rounds or more the row could not keep the rate, so there is no figure. */
export type RateSummary = RateFigures | { readonly isOverloaded: true }

export interface RowSummary {
  readonly name: string
  readonly cores: 1 | 2
  /** What follows is absent where the server has two cores. */
  readonly perSecond?: number
  /** Throughput against the empty handler of the same round. */
  readonly ratio?: RatioSummary
  /** The same by CPU: what a core could do if nobody else used it. */
  readonly cpuRatio?: RatioSummary
  readonly cpuUsAtFull?: number
  /** Share of its core that the server used at full load, and share of its own that the driver used. */
  readonly busyShare?: number
  readonly driverShare?: number
  /** Open loops by rate. */
  readonly at: Readonly<Record<string, RateSummary>>
  /** CPU per check at the rate at which it is compared; absent when that is too much. */
  readonly cpuUs?: number
  readonly rssMb: number
  readonly sent: number
  readonly passed: number
}

export type Rounds = readonly (readonly Measured[])[]

/** The rows of one name, round by round. */
export const rowsOf = (rounds: Rounds, name: string): Measured[] =>
  rounds.flatMap((round) => round.filter(({ row }) => row === name))

/** An open loop that was kept up with, or undefined. */
export function keptOf(one: Measured | undefined, perSecond: number): Required<Fixed> | undefined {
  const found = one?.fixed.find((each) => each.perSecond === perSecond)
  return found?.load === undefined || found.isOverloaded ? undefined : { ...found, load: found.load }
}

/** A figure of one row over that of another in the same round, because the machine's speed drifts; undefined without a round. */
export function ratioBetween(
  rounds: Rounds,
  [name, other]: readonly [string, string],
  get: (one: Measured) => number | undefined,
): RatioSummary | undefined {
  const ratios = rounds.flatMap((round) => {
    const [mine, others] = [name, other].map((each) => {
      const found = round.find(({ row }) => row === each)
      return found && get(found)
    })
    return mine === undefined || others === undefined ? [] : [mine / others]
  })
  return ratios.length === 0 ? undefined : summariseRatios(ratios)
}

/** Ratios are taken round by round; everything else is a median of rounds. The empty handler comes first. */
export function summarise(rounds: Rounds): RowSummary[] {
  const names = new Set(rounds[0]?.map(({ row }) => row))
  return [EMPTY, ...[...names].filter((name) => name !== EMPTY).sort(byPlan(rounds))].map((name) =>
    summariseRow(rounds, name),
  )
}

/** Rounds begin with another row each; the first one is in the order of the plan. */
const byPlan = (rounds: Rounds) => {
  const order = rounds[0]?.map(({ row }) => row) ?? []
  return (a: string, b: string) => order.indexOf(a) - order.indexOf(b)
}

function summariseRow(rounds: Rounds, name: string): RowSummary {
  const all = rowsOf(rounds, name)
  const loads = all.flatMap(({ full, fixed }) => [full?.load, ...fixed.map((each) => each.load)])
  const sum = (key: 'sent' | 'passed') => loads.reduce((total, load) => total + (load?.[key] ?? 0), 0)
  const cores = all[0]?.cores ?? 1
  const at = rates(all).map((rate) => [String(rate), summariseRate(rounds, all, rate)] as const)
  const compared = at.find(([rate]) => rate === String(FIXED_PER_SECOND))?.[1]
  return {
    name,
    cores,
    ...(cores === 1 && summariseFull(rounds, name)),
    at: Object.fromEntries(at),
    ...(compared?.isOverloaded === false && { cpuUs: compared.cpuUs }),
    rssMb: median(all.map(({ rssBytes }) => rssBytes)) / 1e6,
    sent: sum('sent'),
    passed: sum('passed'),
  }
}

const rates = (all: readonly Measured[]): number[] => all[0]?.fixed.map(({ perSecond }) => perSecond) ?? []

function summariseFull(rounds: Rounds, name: string): Partial<RowSummary> {
  const fulls = rowsOf(rounds, name).flatMap(({ full }) => full ?? [])
  const ratio = ratioBetween(rounds, [name, EMPTY], ({ full }) => full?.load.perSecond)
  const cpuRatio = ratioBetween(rounds, [name, EMPTY], ({ full }) => full && 1 / full.cpuUs)
  return {
    perSecond: Math.round(median(fulls.map(({ load }) => load.perSecond))),
    ...(ratio && { ratio }),
    ...(cpuRatio && { cpuRatio }),
    cpuUsAtFull: median(fulls.map(({ cpuUs }) => cpuUs)),
    busyShare: median(fulls.map(({ busyShare }) => busyShare)),
    driverShare: median(fulls.map(({ load }) => load.driverShare)),
  }
}

function summariseRate(rounds: Rounds, all: readonly Measured[], perSecond: number): RateSummary {
  const kept = all.flatMap((one) => keptOf(one, perSecond) ?? [])
  const [first] = all
  if (first === undefined || kept.length <= all.length / 2) return { isOverloaded: true }
  const values = (quantile: Quantile) => kept.map(({ load }) => load[quantile])
  const each = <T>(get: (values: readonly number[]) => T) =>
    Object.fromEntries(QUANTILES.map((quantile) => [quantile, get(values(quantile))])) as Record<Quantile, T>
  const reference = first.cores === 1 ? EMPTY : onTwoCores(EMPTY)
  const ratio = (quantile: Quantile) =>
    ratioBetween(rounds, [first.row, reference], (one) => keptOf(one, perSecond)?.load[quantile]) ??
    summariseRatios([])
  return {
    isOverloaded: false,
    ...each((list) => Math.round(median(list))),
    cpuUs: median(kept.map(({ cpuUs }) => cpuUs)),
    range: each((list) => [Math.min(...list), Math.max(...list)] as const),
    ratio: { p50: ratio('p50Us'), p99: ratio('p99Us') },
    late: {
      p50Us: Math.round(median(kept.map(({ load }) => load.lateP50Us))),
      p99Us: Math.round(median(kept.map(({ load }) => load.lateP99Us))),
    },
  }
}
