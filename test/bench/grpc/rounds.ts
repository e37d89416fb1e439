import type { Workload } from '../workload.ts'
import type { LoadResult } from './load.ts'
import { isOverloaded, isTooSlow } from './overload.ts'
import { IN_FLIGHT, type OpenPlan, type RoundPlan, rowSeconds, warmSeconds } from './plan.ts'
import type { Driver } from './process.ts'
import type { Row } from './rows.ts'

/** The closed loop of one row in one round. */
export interface Full {
  readonly load: LoadResult
  readonly cpuUs: number
  /** Share of its core that the server got: less than one means that others used it, or that it waited. */
  readonly busyShare: number
}

/** An open loop of one row in one round. CPU per check is read in each, because it depends on the load. */
export type Fixed = {
  readonly perSecond: number
  /** Absent: not tried, because the row is slower than that at full load. */
  readonly load?: LoadResult
  readonly cpuUs: number
  readonly isOverloaded: boolean
}

/** One row in one round: at full load, then at fixed loads. */
export interface Measured {
  readonly row: string
  readonly cores: 1 | 2
  /** Absent where the server has two cores. */
  readonly full?: Full
  readonly fixed: readonly Fixed[]
  readonly rssBytes: number
}

/** What can be used once is minted for the fastest that this row has been, and then some; a busy start may be slow. */
const SPARE = 1.5
const LEAST_PER_SECOND = 2000
const LONGEST_WARM_UP_SECONDS = 60
const MOST_PER_SECOND = 5000
/** What is compiled before it starts only has connections and caches to fill. */
const WARM_CALLS_COMPILED = 1000

export interface Bench {
  readonly driver: Driver
  readonly workload: Workload
}

/** Rows take turns, each round begins with another one, and the first round is not counted. */
export async function runRounds(
  bench: Bench,
  rows: readonly Row[],
  plan: RoundPlan,
  say: (line: string, seconds: number) => void,
): Promise<Measured[][]> {
  const fastest = new Map<string, number>()
  const learn = (row: string, perSecond: number) =>
    fastest.set(row, Math.max(perSecond, fastest.get(row) ?? LEAST_PER_SECOND))
  for (const row of rows) {
    say(`warm-up: ${row.name}`, warmSeconds(plan))
    learn(row.name, (await warmUp(bench, row, plan.warmCalls)).perSecond)
  }
  const results: Measured[][] = []
  for (let i = 0; i < plan.rounds; i++) {
    const turn = i % rows.length
    const round: Measured[] = []
    for (const row of [...rows.slice(turn), ...rows.slice(0, turn)]) {
      say(`round ${i + 1} of ${plan.rounds}: ${row.name}`, rowSeconds(plan, row.cores))
      const one = await measureRow(bench, row, plan, fastest.get(row.name) ?? MOST_PER_SECOND)
      if (one.full !== undefined) learn(row.name, one.full.load.perSecond)
      round.push(one)
    }
    results.push(round)
  }
  return results
}

async function supply({ driver, workload }: Bench, { kind }: Row, count: number): Promise<void> {
  const wanted = kind === 'bearer' ? workload.users : Math.ceil(count) + IN_FLIGHT
  await driver.mint({ workload, kind, count: wanted })
}

async function warmUp({ driver, workload }: Bench, row: Row, count: number): Promise<LoadResult> {
  const calls = row.isCompiledLate ? count : WARM_CALLS_COMPILED
  const { address } = row.server
  await driver.mint({
    workload,
    kind: row.kind,
    count: row.kind === 'bearer' ? calls : Math.ceil(calls / 3),
    isOnce: true,
  })
  return driver.load({ address, kind: 'closed', count: IN_FLIGHT, seconds: LONGEST_WARM_UP_SECONDS })
}

async function closedLoop(bench: Bench, row: Row, seconds: number, perSecond: number): Promise<LoadResult> {
  await supply(bench, row, Math.min(MOST_PER_SECOND, perSecond * SPARE) * seconds)
  const { address } = row.server
  return bench.driver.load({ address, kind: 'closed', count: IN_FLIGHT, seconds })
}

/** @returns the load, and what it cost the server per check */
async function costOf(row: Row, run: () => Promise<LoadResult>): Promise<Full> {
  const before = await row.server.ask('usage')
  const load = await run()
  const usedUs = (await row.server.ask('usage')).cpuUs - before.cpuUs
  return { load, cpuUs: usedUs / load.sent, busyShare: usedUs / 1000 / load.tookMs }
}

async function measureRow(bench: Bench, row: Row, plan: RoundPlan, perSecond: number): Promise<Measured> {
  const { name, cores, server } = row
  let full: Full | undefined
  if (cores === 1) {
    await closedLoop(bench, row, plan.leadSeconds, perSecond)
    full = await costOf(row, () => closedLoop(bench, row, plan.closedSeconds, perSecond))
    expectPassed(name, full.load)
  }
  const fixed: Fixed[] = []
  for (const open of plan.open) fixed.push(await openLoop(bench, row, open, full?.load.perSecond))
  const { rssBytes } = await server.ask('usage')
  return { row: name, cores, ...(full && { full }), fixed, rssBytes }
}

/** @param fullPerSecond what the row does at full load, where that is known */
async function openLoop(
  bench: Bench,
  row: Row,
  { perSecond, seconds }: OpenPlan,
  fullPerSecond: number | undefined,
): Promise<Fixed> {
  if (isTooSlow(fullPerSecond, perSecond)) return { perSecond, cpuUs: Number.NaN, isOverloaded: true }
  await supply(bench, row, perSecond * seconds)
  const { address } = row.server
  const { load, cpuUs } = await costOf(row, () =>
    bench.driver.load({ address, kind: 'open', count: perSecond, seconds }),
  )
  return { perSecond, load, cpuUs, isOverloaded: isOverloaded(load) }
}

/** A few refusals (a deadline missed on a busy machine) are shown; more would make a figure of something else. */
const LEAST_PASSED = 0.99

function expectPassed(name: string, { sent, passed, refused, failed }: LoadResult): void {
  if (sent === 0 || passed < LEAST_PASSED * sent)
    throw new Error(`${name}: ${passed} of ${sent} passed, ${refused} were refused, ${failed} failed`)
}
