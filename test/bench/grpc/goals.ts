import type { RatioSummary } from '../interval.ts'
import { summariseRatios } from '../interval.ts'
import { LINES } from '../lines.ts'
import { PEERS } from '../peers/index.ts'
import { type Goal, isWithinLateness, judgeRatio } from '../verdict.ts'
import { FIXED_PER_SECOND, RATES } from './plan.ts'
import { isStarved } from './report.ts'
import { EMPTY, FRESH, MANY_RULES, MEMORY, onTwoCores, PROVEN, REDIS } from './rows.ts'
import {
  type JudgedQuantile,
  keptOf,
  type RateFigures,
  type RateSummary,
  type Rounds,
  type RowSummary,
  ratioBetween,
  summarise,
} from './summary.ts'

/** What the gRPC rows are held to, from the rounds as they were measured. */
export function judgeGrpc(rounds: Rounds): Goal[] {
  const rows = summarise(rounds)
  return [
    ...throughputGoals(rounds, rows),
    ...[MEMORY, REDIS].flatMap((row) => latencyGoals(rounds, rows, row)),
    ...[MEMORY, REDIS].flatMap((row) => [row, onTwoCores(row)]).map((row) => tailGoal(rounds, rows, row)),
    judgeRatio(
      '1,000 rules to 10: CPU per check at 1,000/s',
      { most: LINES.cpuOfManyRules },
      ratioBetween(rounds, [MANY_RULES, MEMORY], (one) => keptOf(one, FIXED_PER_SECOND)?.cpuUs),
    ),
  ]
}

const find = (rows: readonly RowSummary[], name: string) => rows.find((row) => row.name === name)

function throughputGoals(rounds: Rounds, rows: readonly RowSummary[]): Goal[] {
  const goal = (row: string, to: string, toName: string, least: number) =>
    judgeRatio(
      `${row}: checks/s to ${toName}`,
      { least },
      ratioBetween(rounds, [row, to], ({ full }) => full?.load.perSecond),
      [row, to].some((name) => isStarved(find(rows, name) ?? {})),
    )
  const { throughput, throughputToPeer } = LINES
  return [
    goal(MEMORY, EMPTY, 'empty', throughput.memory),
    goal(REDIS, EMPTY, 'empty', throughput.redis),
    goal(PROVEN, EMPTY, 'empty', throughput.proven),
    goal(FRESH, EMPTY, 'empty', throughput.fresh),
    goal(FRESH, 'heimdall', 'heimdall', throughput.freshToHeimdall),
    ...PEERS.flatMap((peer) => [MEMORY, REDIS].map((row) => goal(row, peer, peer, throughputToPeer[peer]))),
  ]
}

function latencyGoals(rounds: Rounds, rows: readonly RowSummary[], row: string): Goal[] {
  const each = (isPair: boolean, rate: number, quantile: JudgedQuantile) => {
    const name = isPair ? onTwoCores(row) : row
    const peers = PEERS.map((peer) => (isPair ? onTwoCores(peer) : peer))
    const title = `${name}: ${quantile.slice(0, 3)} at ${rate.toLocaleString('en')}/s to the better peer`
    return againstBetterPeer(title, { rounds, rows, name, peers, rate, quantile })
  }
  return [false, true].flatMap((isPair) =>
    RATES.flatMap((rate) => (['p50Us', 'p99Us'] as const).map((quantile) => each(isPair, rate, quantile))),
  )
}

interface Comparison {
  readonly rounds: Rounds
  readonly rows: readonly RowSummary[]
  readonly name: string
  readonly peers: readonly string[]
  readonly rate: number
  readonly quantile: JudgedQuantile
}

/** Round by round against whichever peer was better in it. Who cannot keep the rate has lost. */
export function againstBetterPeer(title: string, comparison: Comparison): Goal {
  const { rounds, rows, name, peers, rate, quantile } = comparison
  const line = { most: LINES.latencyToBetterPeer }
  const [mine, ...others] = [name, ...peers].map((each) => find(rows, each)?.at[rate])
  const known = others.filter((other) => other !== undefined)
  if (mine === undefined || known.length === 0) return judgeRatio(title, line, undefined)
  const words = { name: title, goal: `<= ${line.most}` }
  const settled = (verdict: Goal['verdict']) => (rows.some(isStarved) ? 'in doubt' : verdict)
  if (mine.isOverloaded) return { ...words, measured: 'overloaded', verdict: settled('NOT MET') }
  if (known.every(({ isOverloaded }) => isOverloaded))
    return { ...words, measured: 'peers overloaded', verdict: settled('met') }
  return judgeLatency(title, line, toBetterPeer(rounds, comparison), quantile, [mine, ...known])
}

function judgeLatency(
  title: string,
  line: { readonly most: number },
  ratio: RatioSummary | undefined,
  quantile: JudgedQuantile,
  [mine, ...others]: readonly (RateSummary | undefined)[],
): Goal {
  if (ratio === undefined || !isKept(mine)) return judgeRatio(title, line, ratio)
  const lateUs = Math.max(...[mine, ...others.filter(isKept)].map(({ late }) => late[quantile]))
  return judgeRatio(title, line, ratio, isWithinLateness(line, ratio, { us: mine[quantile], lateUs }))
}

const isKept = (rate: RateSummary | undefined): rate is RateFigures => rate?.isOverloaded === false

function toBetterPeer(rounds: Rounds, { name, peers, rate, quantile }: Comparison): RatioSummary | undefined {
  const ratios = rounds.flatMap((round) => {
    const of = (each: string) =>
      keptOf(
        round.find(({ row }) => row === each),
        rate,
      )?.load[quantile]
    const mine = of(name)
    const best = Math.min(...peers.flatMap((peer) => of(peer) ?? []))
    return mine === undefined || best === Number.POSITIVE_INFINITY ? [] : [mine / best]
  })
  return ratios.length === 0 ? undefined : summariseRatios(ratios)
}

function tailGoal(rounds: Rounds, rows: readonly RowSummary[], name: string): Goal {
  const row = find(rows, name)
  const reference = row?.cores === 2 ? onTwoCores(EMPTY) : EMPTY
  return judgeLatency(
    `${name}: p99 at 1,000/s to empty`,
    { most: LINES.p99ToEmpty },
    ratioBetween(rounds, [name, reference], (one) => keptOf(one, FIXED_PER_SECOND)?.load.p99Us),
    'p99Us',
    [row, find(rows, reference)].map((each) => each?.at[FIXED_PER_SECOND]),
  )
}
