import { join } from 'node:path'
import type { LoadResult } from '../grpc/load.ts'
import { answerOf, type Server, serverOf, startChild, stopChild, tell } from '../grpc/process.ts'
import { startBenchRedis } from '../grpc/redis.ts'
import { missing } from '../peers/index.ts'
import type { Say } from '../progress.ts'
import { makeWorkload, type Workload } from '../workload.ts'
import { expectRight } from './answers.ts'
import type { Order } from './driver.ts'
import { type EnvoySummary, summarise } from './report.ts'
import { type Measured, type RoundPlan, rowSeconds, runRounds } from './rounds.ts'
import { openRows, subjectsOf } from './rows.ts'

export interface EnvoyResult {
  readonly rows: readonly EnvoySummary[]
  readonly rounds: readonly (readonly Measured[])[]
}

const USERS = 500
const MOST_ROWS = 5

export const envoySeconds = (plan: RoundPlan): number =>
  MOST_ROWS * (plan.warmSeconds + plan.rounds * rowSeconds(plan))

/** One Envoy with one worker in front of one application; what it asks takes turns. */
export async function runEnvoy(plan: RoundPlan, say: Say): Promise<EnvoyResult> {
  const workload = makeWorkload(USERS)
  const ends: (() => Promise<void>)[] = []
  const opened = <T extends { stop(): Promise<void> }>(one: T): T => {
    ends.unshift(() => one.stop())
    return one
  }
  try {
    const redis = await startBenchRedis()
    if (redis === undefined) say('LEFT OUT: Vigil with Redis: run `npm run tools` for Valkey', 0)
    else opened(redis)
    const app = opened(await startApp())
    const absent = missing('heimdall')
    if (absent !== undefined) say(`LEFT OUT: ${absent}`, 0)
    const subjects = subjectsOf(workload, { redisPort: redis?.port, hasHeimdall: absent === undefined })
    const { envoy, rows } = await openRows(subjects, app.address)
    opened(envoy)
    for (const { server } of rows) if (server !== undefined) opened(server)
    for (const row of rows) await expectRight(row, workload)
    const driver = opened(await startDriver(workload))
    const bench = { load: driver.load, envoyPid: envoy.running.pid }
    const rounds = await runRounds(bench, rows, plan, say)
    return { rows: summarise(rounds), rounds }
  } finally {
    for (const end of ends) await end()
  }
}

const beside = (file: string) => join(import.meta.dirname, file)

export async function startApp(): Promise<Server> {
  const child = startChild(beside('app-server.ts'), [], 'driver', [])
  return serverOf(child, (await answerOf(child, 'the application')) as string, 'the application')
}

async function startDriver(workload: Workload) {
  const child = startChild(beside('driver.ts'), [], 'driver', [])
  const order = (what: Order) => tell(child, what, 'the driver')
  await order({ do: 'mint', workload })
  return {
    load: async (plan: Extract<Order, { do: 'load' }>['plan']) =>
      (await order({ do: 'load', plan })) as LoadResult,
    stop: () => stopChild(child),
  }
}
