import { decodeRequest } from '../../../src/check/decode.ts'
import type { LoadPlan, LoadResult } from '../grpc/load.ts'
import type { Server } from '../grpc/process.ts'
import { createMint, makeWorkload } from '../workload.ts'
import { type Cell, type Figures, inTurns, type Series } from './curves.ts'
import { cpuNow, EMPTY, MEMORY, REDIS, type Servers, withServers } from './loads.ts'
import { EACH_PER_SECOND, type LoadsPlan } from './plan.ts'

type Tell = (line: string) => void

const USERS = 500
const ALL = { [EMPTY]: 1, [MEMORY]: 1, [REDIS]: 1 }

/** Closed loops: checks in flight over two connections. */
export const inFlightCurve = (plan: LoadsPlan, tell: Tell): Promise<Series[]> =>
  withServers(USERS, ALL, tell, (servers) => {
    const cells = cellsOf([...servers.named.keys()], plan.counts)
    return inTurns(cells, plan.rounds, ({ series, x }) => {
      tell(`in-flight: ${x}, ${series}`)
      return closedLoop(servers, servers.named.get(series) ?? [], x, plan.seconds)
    })
  })

const HEADERS = 20
const IN_FLIGHT = 50

/** The same 28 headers, of which twenty grow: bytes and not their number. */
export const headersCurve = (plan: LoadsPlan, tell: Tell): Promise<Series[]> =>
  withServers(USERS, { [EMPTY]: 1, [MEMORY]: 1 }, tell, (servers) => {
    const cells = plan.counts
      .map((kilobytes) => headersOf(kilobytes * 1000))
      .flatMap(({ headers, bytes }) =>
        [...servers.named.keys()].map((series) => ({ series, x: Math.round(bytes / 100) / 10, headers })),
      )
    return inTurns(cells, plan.rounds, async ({ series, x, headers }) => {
      tell(`headers: ${x} KB, ${series}`)
      await servers.driver.mint(headers)
      return closedLoop(servers, servers.named.get(series) ?? [], IN_FLIGHT, plan.seconds)
    })
  })

/** Names and values of a request with these headers; token, user agent and what else a browser says are in. */
function bytesWith(headers: Readonly<Record<string, string>>): number {
  const message = createMint(makeWorkload(1), headers).bearer(0)
  const all = decodeRequest(message).attributes?.request?.http?.headers ?? []
  return all.reduce((sum, { key = '', value = '' }) => sum + key.length + String(value).length, 0)
}

const grown = (each: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: HEADERS }, (_, i) => [`x-header-${i}`, 'v'.repeat(each)]))

/** Headers that bring a request to about so many bytes, or as few as it can have, and how many these are. */
function headersOf(bytes: number): { headers: Record<string, string>; bytes: number } {
  const headers = grown(Math.max(0, Math.round((bytes - bytesWith(grown(0))) / HEADERS)))
  return { headers, bytes: bytesWith(headers) }
}

/**
 * So many that even at full load each asks about once a second, as with a large population: a check then pays for all that it teaches.
 * Fewer than the tokens that a process remembers.
 */
const MANY_USERS = 8000

/** Several Vigils share one Redis. All of them get the same open load, then all are asked as much as they can bear. */
export const processesCurve = (plan: LoadsPlan, tell: Tell): Promise<Series[]> =>
  withServers(MANY_USERS, { [REDIS]: Math.max(...plan.counts) }, tell, (servers) => {
    const all = servers.named.get(REDIS) ?? []
    const cells = all.length === 0 ? [] : cellsOf([REDIS], plan.counts)
    return inTurns(cells, plan.rounds, async ({ x }) => {
      const used = all.slice(0, x)
      const seconds = plan.seconds / 2
      tell(`processes: ${x}`)
      const open = await measure(servers, used, { kind: 'open', count: EACH_PER_SECOND, seconds })
      const closed = await measure(servers, used, {
        kind: 'closed',
        count: Math.ceil(IN_FLIGHT / x),
        seconds,
      })
      return {
        cpuUs: open.cpuUs,
        redisCpuUs: open.redisCpuUs,
        p50Us: open.p50Us,
        cpuUsAtFull: closed.cpuUs,
        redisCpuUsAtFull: closed.redisCpuUs,
        perSecond: closed.perSecond,
      }
    })
  })

const cellsOf = (names: readonly string[], counts: readonly number[]): Cell[] =>
  names.flatMap((series) => counts.map((x) => ({ series, x })))

async function closedLoop(
  servers: Servers,
  used: readonly Server[],
  count: number,
  seconds: number,
): Promise<Figures> {
  const { redisCpuUs: _redis, ...own } = await measure(servers, used, { kind: 'closed', count, seconds })
  return own
}

/** The same load on each server; latencies are those of the slowest of them. */
async function measure(
  { driver, redisPid }: Servers,
  used: readonly Server[],
  plan: Omit<LoadPlan, 'address'>,
): Promise<Record<'cpuUs' | 'redisCpuUs' | 'p50Us' | 'p99Us' | 'perSecond', number>> {
  const before = await cpuNow(used, redisPid)
  const results = await driver.load(used.map(({ address }) => ({ ...plan, address })))
  const after = await cpuNow(used, redisPid)
  const sum = (get: (result: LoadResult) => number) => results.reduce((all, one) => all + get(one), 0)
  const most = (get: (result: LoadResult) => number) => Math.max(...results.map(get))
  const sent = sum((result) => result.sent)
  return {
    cpuUs: (after.servers - before.servers) / sent,
    redisCpuUs: (after.redis - before.redis) / sent,
    p50Us: most(({ p50Us }) => p50Us),
    p99Us: most(({ p99Us }) => p99Us),
    perSecond: sum(({ perSecond }) => perSecond),
  }
}
