import type { Workload } from '../workload.ts'
import type { LoadResult } from './load.ts'
import type { Driver } from './process.ts'
import type { Row } from './rows.ts'

/** One row in one round: at full load, then at a fixed load, because CPU per check depends on the load. */
export interface Measured {
  readonly row: string
  readonly closed: LoadResult
  readonly open: LoadResult
  /** CPU of the server per check at full load, and at the fixed load. */
  readonly cpuUsAtFull: number
  readonly cpuUs: number
  /** Share of its core that the server got at full load: less than one means that others used it, or that it waited. */
  readonly busyShare: number
  readonly rssBytes: number
}

export interface RoundPlan {
  readonly rounds: number
  /**
   * Before anything counts: the compiler needs ten thousand, and with fewer the empty handler looks slow. A third of it
   * where each call needs a token or proof of its own.
   */
  readonly warmCalls: number
  /** Without, only the rows that Vigil is held to and the dearest. */
  readonly hasAllRows: boolean
  /** Root of another checkout whose Vigil has rows, too. */
  readonly against?: string | undefined
  /** Before each closed loop, not counted: connections, caches, and pages that the system took while others had their turn. */
  readonly leadSeconds: number
  readonly closedSeconds: number
  readonly openSeconds: number
}

/** Minting, and orders between processes. */
const OVERHEAD_SHARE = 0.15
const WARM_PER_SECOND = 2500
export const warmSeconds = ({ warmCalls }: RoundPlan): number => warmCalls / WARM_PER_SECOND
export const rowSeconds = ({ leadSeconds, closedSeconds, openSeconds }: RoundPlan): number =>
  (leadSeconds + closedSeconds + openSeconds) * (1 + OVERHEAD_SHARE)

export const IN_FLIGHT = 50
export const FIXED_PER_SECOND = 1000

/** What can be used once is minted for the fastest that this row has been, and then some; a busy start may be slow. */
const SPARE = 1.5
const LEAST_PER_SECOND = 2000
const LONGEST_WARM_UP_SECONDS = 60
const MOST_PER_SECOND = 5000

interface Bench {
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
  const learn = (row: string, { perSecond }: LoadResult) =>
    fastest.set(row, Math.max(perSecond, fastest.get(row) ?? LEAST_PER_SECOND))
  for (const row of rows) {
    say(`warm-up: ${row.name}`, warmSeconds(plan))
    learn(row.name, await warmUp(bench, row, plan.warmCalls))
  }
  const results: Measured[][] = []
  for (let i = 0; i < plan.rounds; i++) {
    const turn = i % rows.length
    const round: Measured[] = []
    for (const row of [...rows.slice(turn), ...rows.slice(0, turn)]) {
      say(`round ${i + 1} of ${plan.rounds}: ${row.name}`, rowSeconds(plan))
      const one = await measureRow(bench, row, plan, fastest.get(row.name) ?? MOST_PER_SECOND)
      learn(row.name, one.closed)
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
  const calls = row.kind === 'bearer' ? count : Math.ceil(count / 3)
  await driver.mint({ workload, kind: row.kind, count: calls, isOnce: true })
  const { address } = row.server
  return driver.load({ address, kind: 'closed', count: IN_FLIGHT, seconds: LONGEST_WARM_UP_SECONDS })
}

async function closedLoop(bench: Bench, row: Row, seconds: number, perSecond: number): Promise<LoadResult> {
  await supply(bench, row, Math.min(MOST_PER_SECOND, perSecond * SPARE) * seconds)
  const { address } = row.server
  return bench.driver.load({ address, kind: 'closed', count: IN_FLIGHT, seconds })
}

async function openLoop(bench: Bench, row: Row, seconds: number): Promise<LoadResult> {
  await supply(bench, row, FIXED_PER_SECOND * seconds)
  const { address } = row.server
  return bench.driver.load({ address, kind: 'open', count: FIXED_PER_SECOND, seconds })
}

async function measureRow(bench: Bench, row: Row, plan: RoundPlan, perSecond: number): Promise<Measured> {
  const { server } = row
  await closedLoop(bench, row, plan.leadSeconds, perSecond)
  const before = await server.ask('usage')
  const closed = await closedLoop(bench, row, plan.closedSeconds, perSecond)
  const between = await server.ask('usage')
  const open = await openLoop(bench, row, plan.openSeconds)
  const after = await server.ask('usage')
  for (const result of [closed, open]) expectPassed(row.name, result)
  return {
    row: row.name,
    closed,
    open,
    cpuUsAtFull: (between.cpuUs - before.cpuUs) / closed.sent,
    cpuUs: (after.cpuUs - between.cpuUs) / open.sent,
    busyShare: (between.cpuUs - before.cpuUs) / 1000 / closed.tookMs,
    rssBytes: after.rssBytes,
  }
}

/** A few refusals (a deadline missed on a busy machine) are shown; more would make a figure of something else. */
const LEAST_PASSED = 0.99

function expectPassed(name: string, { sent, passed, refused, failed }: LoadResult): void {
  if (sent === 0 || passed < LEAST_PASSED * sent)
    throw new Error(`${name}: ${passed} of ${sent} passed, ${refused} were refused, ${failed} failed`)
}
