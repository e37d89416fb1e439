import { fork } from 'node:child_process'
import { join } from 'node:path'
import { SERVE_FLAGS } from '../../../bin/runtime.js'
import { startBenchRedis } from '../grpc/redis.ts'
import { pinned } from '../pin.ts'
import type { Series } from './curves.ts'
import type { IdentitiesOrder } from './identities-child.ts'
import { MEMORY, REDIS } from './loads.ts'
import type { IdentitiesPlan, RulesPlan } from './plan.ts'

/** Another identity's worth of requests would not add to a profile that had so many. */
const FILLING_REQUESTS = 40
export const FULL_HABITS = 'Vigil, Redis, full habits'

type Tell = (line: string) => void

export const rulesCurve = (plan: RulesPlan, tell: Tell): Promise<Series[]> =>
  runChild('rules-child.ts', plan, tell)

export async function identitiesCurve(plan: IdentitiesPlan, tell: Tell): Promise<Series[]> {
  const run = (order: IdentitiesOrder) => runChild('identities-child.ts', order, tell)
  const memory = await run({ ...plan, series: MEMORY, requests: 1 })
  const redis = await startBenchRedis()
  if (redis === undefined) {
    tell('LEFT OUT: identities in Redis: run `npm run tools` for Valkey')
    return memory
  }
  try {
    const { port, running } = redis
    const own = { ...plan, redis: { port, pid: running.pid } }
    const full = { counts: [plan.full], series: FULL_HABITS, requests: FILLING_REQUESTS, sample: 0 }
    // Full habits first: the store is as good as empty then.
    const filled = await run({ ...own, ...full })
    return [...memory, ...(await run({ ...own, series: REDIS, requests: 1 })), ...filled]
  } finally {
    await redis.stop()
  }
}

interface Message {
  readonly begun?: string
  readonly value?: Series[]
}

/** A process pinned to the core of what is measured, under the flags of `vigil serve`. */
function runChild(file: string, plan: object, tell: Tell): Promise<Series[]> {
  const child = fork(join(import.meta.dirname, file), [JSON.stringify(plan)], {
    ...pinned('subject', [...SERVE_FLAGS, '--expose-gc']),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  let series: Series[] = []
  return new Promise((resolve, reject) => {
    child.on('message', ({ begun, value }: Message) => {
      if (begun !== undefined) tell(begun)
      if (value !== undefined) series = value
    })
    child.once('error', reject)
    child.once('exit', (code) => {
      if (code === 0 && series.length > 0) resolve(series)
      else reject(new Error(`${file} ended with ${code}`))
    })
  })
}
