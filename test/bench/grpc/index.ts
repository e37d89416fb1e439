import { makeWorkload } from '../workload.ts'
import { startDriver } from './process.ts'
import { startBenchRedis } from './redis.ts'
import { type RowSummary, summarise } from './report.ts'
import { type Measured, type RoundPlan, rowSeconds, runRounds, warmSeconds } from './rounds.ts'
import { openRows, rowCount } from './rows.ts'

export { grpcTable, isStarved, type RowSummary } from './report.ts'
export type { RoundPlan } from './rounds.ts'

export interface GrpcResult {
  readonly rows: readonly RowSummary[]
  readonly rounds: readonly (readonly Measured[])[]
}

const USERS = 500

export function grpcSeconds(plan: RoundPlan, hasRedis: boolean): number {
  return rowCount({ ...plan, hasRedis }) * (warmSeconds(plan) + plan.rounds * rowSeconds(plan))
}

/** Servers in processes of their own, driven in interleaved rounds. */
export async function runGrpc(
  plan: RoundPlan,
  say: (line: string, seconds: number) => void,
): Promise<GrpcResult> {
  const workload = makeWorkload(USERS)
  const redis = await startBenchRedis()
  if (redis === undefined) say('no Valkey: run `npm run tools` for the rows with Redis', 0)
  const rows = await openRows(workload, plan, redis?.port)
  const driver = startDriver()
  try {
    const rounds = await runRounds({ driver, workload }, rows, plan, say)
    return { rows: summarise(rounds), rounds }
  } finally {
    await driver.stop()
    for (const { server } of rows) await server.stop()
    await redis?.stop()
  }
}
