import { valkeyPath } from '../../../scripts/tools/locate.ts'
import { missing, PEERS } from '../peers/index.ts'
import { canPin } from '../pin.ts'
import { makeWorkload } from '../workload.ts'
import { IN_FLIGHT, RATES, type RoundPlan, rowSeconds, START_SECONDS, warmSeconds } from './plan.ts'
import { startDriver } from './process.ts'
import { startBenchRedis } from './redis.ts'
import { proveRefusals } from './refusals.ts'
import { type Measured, runRounds } from './rounds.ts'
import { type Extent, openRows, rowCores } from './rows.ts'
import { type RowSummary, summarise } from './summary.ts'

export type { RoundPlan } from './plan.ts'
export { grpcTable } from './report.ts'

export interface GrpcResult {
  readonly inFlight: number
  readonly perSecond: readonly number[]
  readonly rows: readonly RowSummary[]
  readonly rounds: readonly (readonly Measured[])[]
}

const USERS = 500

const extentOf = (plan: RoundPlan): Extent => ({
  ...plan,
  canPin,
  hasRedis: valkeyPath() !== undefined,
  peers: PEERS.filter((peer) => missing(peer) === undefined),
})

export const grpcSeconds = (plan: RoundPlan): number =>
  rowCores(extentOf(plan)).reduce(
    (sum, cores) => sum + START_SECONDS + warmSeconds(plan) + plan.rounds * rowSeconds(plan, cores),
    0,
  )

/** Servers in processes of their own, driven in interleaved rounds. */
export async function runGrpc(
  plan: RoundPlan,
  say: (line: string, seconds: number) => void,
): Promise<GrpcResult> {
  sayWhatIsMissing(plan, say)
  const workload = makeWorkload(USERS)
  const redis = await startBenchRedis()
  const rows = await openRows(workload, extentOf(plan), redis?.port, say).catch(async (error) => {
    await redis?.stop()
    throw error
  })
  const driver = startDriver()
  try {
    for (const row of rows) await proveRefusals({ driver, workload }, row)
    const rounds = await runRounds({ driver, workload }, rows, plan, say)
    return { inFlight: IN_FLIGHT, perSecond: RATES, rows: summarise(rounds), rounds }
  } finally {
    await driver.stop()
    for (const { server } of rows) await server.stop()
    await redis?.stop()
  }
}

/** Loudly: a table without a row looks like one that has all. */
function sayWhatIsMissing(plan: RoundPlan, say: (line: string, seconds: number) => void): void {
  if (valkeyPath() === undefined) say('NO VALKEY: run `npm run tools` for the rows with Redis', 0)
  if (!canPin) say('NO PINNING: there are no rows with two cores', 0)
  if (!plan.hasAllRows)
    say(`QUICK: left out are ${PEERS.join(', ')}, two cores, first tokens and many rules`, 0)
  else for (const peer of PEERS) if (missing(peer)) say(`MISSING: ${missing(peer)}`, 0)
}
