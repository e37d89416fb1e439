import { setTimeout as sleep } from 'node:timers/promises'
import { BUILD_SECONDS, build } from '../built.ts'
import { IN_FLIGHT } from '../grpc/plan.ts'
import { type Driver, type Server, startDriver, startEmpty } from '../grpc/process.ts'
import type { Usage } from '../grpc/usage.ts'
import { table } from '../stats.ts'
import { jwksOf, makeWorkload, type Workload } from '../workload.ts'
import { startBuiltVigil } from './vigil.ts'

/** One server before and after it has seen the identities. */
export interface MemoryRow {
  readonly name: string
  readonly before: Usage
  /** As the load left it, garbage included. */
  readonly loaded: Usage
  /** After a pause and a collection. */
  readonly settled: Usage
}

export interface MemoryResult {
  readonly identities: number
  readonly rows: readonly MemoryRow[]
  /** Vigil's resident memory beyond the empty handler's under the same load. */
  readonly addedPeakBytes: number
  readonly addedSettledBytes: number
  /** What one more identity keeps, heap and buffers; the token cache was full before. */
  readonly bytesPerIdentity: number
}

export interface MemoryPlan {
  readonly identities: number
  /** Size of the token cache; so many are sent before anything is counted, and what grows afterwards is state. */
  readonly maxTokens: number
  readonly settleMs: number
}

/** Each message is sent once; this only bounds a machine that stands still. */
const LONGEST_SECONDS = 600

export const memorySeconds = ({ identities, maxTokens, settleMs }: MemoryPlan): number =>
  BUILD_SECONDS + (2 * (maxTokens + identities)) / 2500 + (4 * settleMs) / 1000

export async function runMemory(
  plan: MemoryPlan,
  say: (line: string, seconds: number) => void,
): Promise<MemoryResult> {
  const { identities, maxTokens } = plan
  say('memory: building', BUILD_SECONDS)
  build()
  const workload = makeWorkload(maxTokens + identities)
  const driver = startDriver()
  const rows: MemoryRow[] = []
  try {
    const measure = async (name: string, server: Server) => {
      say(
        `memory: ${identities.toLocaleString('en')} identities, ${name}`,
        (memorySeconds(plan) - BUILD_SECONDS) / 2,
      )
      rows.push(await measureServer(name, server, { driver, workload, plan }))
      await server.stop()
    }
    const flags = ['--expose-gc']
    await measure('empty grpc-js handler', await startEmpty(flags))
    const options = { jwks: jwksOf(workload), maxTokens }
    await measure('vigil, memory store', await startBuiltVigil(options, flags))
  } finally {
    await driver.stop()
  }
  return summarise(identities, rows)
}

interface Bench {
  readonly driver: Driver
  readonly workload: Workload
  readonly plan: MemoryPlan
}

async function measureServer(
  name: string,
  server: Server,
  { driver, workload, plan: { identities, maxTokens, settleMs } }: Bench,
): Promise<MemoryRow> {
  const sendAll = async (from: number, count: number) => {
    await driver.mint({ workload, kind: 'bearer', from, count, isOnce: true })
    const { passed } = await driver.load({
      address: server.address,
      kind: 'closed',
      count: IN_FLIGHT,
      seconds: LONGEST_SECONDS,
    })
    if (passed !== count) throw new Error(`${name}: ${passed} of ${count} passed`)
  }
  const settle = async () => {
    await sleep(settleMs)
    return server.ask('collect')
  }
  await sendAll(0, maxTokens)
  const before = await settle()
  await sendAll(maxTokens, identities)
  const loaded = await server.ask('usage')
  return { name, before, loaded, settled: await settle() }
}

function summarise(identities: number, rows: readonly MemoryRow[]): MemoryResult {
  const [empty, vigil] = rows
  if (empty === undefined || vigil === undefined) throw new Error('both servers are needed')
  return {
    identities,
    rows,
    addedPeakBytes: vigil.settled.peakRssBytes - empty.settled.peakRssBytes,
    addedSettledBytes: vigil.settled.rssBytes - empty.settled.rssBytes,
    bytesPerIdentity: Math.round((vigil.settled.heldBytes - vigil.before.heldBytes) / identities),
  }
}

export function memoryTable(result: MemoryResult): string {
  const mb = (bytes: number) => (bytes / 1e6).toFixed(0)
  return [
    table([
      [
        `${result.identities.toLocaleString('en')} identities, MB`,
        'RSS before',
        'peak',
        'at the end',
        'settled',
        'held',
      ],
      ...result.rows.map(({ name, before, loaded, settled }) => [
        name,
        mb(before.rssBytes),
        mb(settled.peakRssBytes),
        mb(loaded.rssBytes),
        mb(settled.rssBytes),
        mb(settled.heldBytes),
      ]),
    ]),
    `over the empty handler: peak ${mb(result.addedPeakBytes)} MB, settled ${mb(result.addedSettledBytes)} MB; ${result.bytesPerIdentity.toLocaleString('en')} bytes held per identity`,
  ].join('\n')
}
