import { join } from 'node:path'
import { cpuUsOf } from '../envoy/cpu.ts'
import type { LoadPlan, LoadResult } from '../grpc/load.ts'
import { type Server, startChild, startEmpty, startVigil, stopChild, tell } from '../grpc/process.ts'
import { startBenchRedis } from '../grpc/redis.ts'
import { jwksOf, makeWorkload, type Workload } from '../workload.ts'
import type { Order } from './driver.ts'

/** Servers in processes of their own and a driver, for the curves that are measured over gRPC. */

/** The compiler needs ten thousand checks. */
const WARM_SECONDS = 2
/** And a token that is verified for the first time takes as long as three checks. */
const TOKENS_PER_SECOND = 3000
const WARM_IN_FLIGHT = 50

export interface Driver {
  mint(headers?: Readonly<Record<string, string>>): Promise<void>
  /** One load on each address at the same time. @throws when less than 99 % pass */
  load(plans: readonly LoadPlan[]): Promise<LoadResult[]>
}

export interface Servers {
  readonly driver: Driver
  /** By the name of the series; those with Redis only where Valkey is there. */
  readonly named: ReadonlyMap<string, readonly Server[]>
  readonly redisPid: number | undefined
}

export const EMPTY = 'empty grpc-js handler'
export const MEMORY = 'Vigil, memory store'
export const REDIS = 'Vigil, Redis'

/**
 * @param users whose tokens every server has verified when the run begins
 * @param counts how many servers of each series are started
 */
export async function withServers<T>(
  users: number,
  counts: Readonly<Record<string, number>>,
  say: (line: string) => void,
  run: (servers: Servers) => Promise<T>,
): Promise<T> {
  const workload = makeWorkload(users)
  const seconds = WARM_SECONDS + users / TOKENS_PER_SECOND
  const ends: (() => Promise<void>)[] = []
  try {
    const redis = REDIS in counts ? await startBenchRedis() : undefined
    if (redis !== undefined) ends.unshift(redis.stop)
    else if (REDIS in counts) say('LEFT OUT: Redis: run `npm run tools` for Valkey')
    const { driver, stop } = startDriver(workload)
    ends.unshift(stop)
    await driver.mint()
    const named = new Map<string, Server[]>()
    for (const [name, count] of Object.entries(counts)) {
      if (name === REDIS && redis === undefined) continue
      const servers: Server[] = []
      for (let i = 0; i < count; i++) {
        const server = await startNamed(name, workload, redis?.port)
        ends.unshift(() => server.stop())
        servers.push(server)
        const { address } = server
        await driver.load([{ address, kind: 'closed', count: WARM_IN_FLIGHT, seconds }])
      }
      named.set(name, servers)
    }
    return await run({ driver, named, redisPid: redis?.running.pid })
  } finally {
    for (const end of ends) await end()
  }
}

function startNamed(name: string, workload: Workload, redisPort: number | undefined): Promise<Server> {
  if (name === EMPTY) return startEmpty()
  const jwks = jwksOf(workload)
  return startVigil(name === REDIS ? { jwks, redisPort } : { jwks })
}

function startDriver(workload: Workload): { driver: Driver; stop(): Promise<void> } {
  const child = startChild(join(import.meta.dirname, 'driver.ts'), [], 'driver', [])
  const order = (what: Order) => tell(child, what, 'the driver')
  const driver: Driver = {
    mint: async (headers = {}) => void (await order({ do: 'mint', workload, headers })),
    load: async (plans) => {
      const results = (await order({ do: 'load', plans })) as LoadResult[]
      for (const result of results) expectPassed(result)
      return results
    },
  }
  return { driver, stop: () => stopChild(child) }
}

const LEAST_PASSED = 0.99

function expectPassed({ sent, passed, refused, failed }: LoadResult): void {
  if (sent === 0 || passed < LEAST_PASSED * sent)
    throw new Error(`${passed} of ${sent} passed, ${refused} were refused, ${failed} failed`)
}

/** Processor time of the servers together, and of Redis, in microseconds. */
export async function cpuNow(
  servers: readonly Server[],
  redisPid: number | undefined,
): Promise<{ servers: number; redis: number }> {
  let sum = 0
  for (const server of servers) sum += (await server.ask('usage')).cpuUs
  return { servers: sum, redis: redisPid === undefined ? 0 : (cpuUsOf(redisPid) ?? Number.NaN) }
}
