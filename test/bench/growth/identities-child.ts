import { setTimeout as sleep } from 'node:timers/promises'
import { createHistoryKeys, createLearner, type Learner, recall } from '../../../src/history/index.ts'
import type { Subject } from '../../../src/model.ts'
import { silentLog as log, silentMeter } from '../../../src/ports.ts'
import type { Snapshot } from '../../../src/snapshot.ts'
import { type BenchApp, openBenchApp } from '../app.ts'
import { cpuUsOf } from '../envoy/cpu.ts'
import type { Passed } from '../pipeline/stages.ts'
import { benchSettings } from '../settings.ts'
import { createMint, jwksOf, makeWorkload, type Workload } from '../workload.ts'
import { type Figures, seriesOf } from './curves.ts'
import type { IdentitiesPlan } from './plan.ts'
import { usedMemory } from './redis-memory.ts'
import { variantsOf } from './variants.ts'
import { cpuUsPerCheck } from './whole.ts'

/**
 * A process of its own with one store. Identities are made by the stages that make them in the service, `recall` and `learn`; only the token is not verified for each, or a million would take half an hour. At each point whole
 * decisions are measured for identities drawn evenly over all.
 */

export interface IdentitiesOrder extends IdentitiesPlan {
  readonly series: string
  /** Of each identity; with more than one each shows something else, and all of it becomes habit. */
  readonly requests: number
  /** Absent: the memory store. */
  readonly redis?: { readonly port: number; readonly pid: number }
}

/** Profile, session, the minute's counter and the limit's. */
const ENTRIES = 4
const AT_ONCE = 100
/** Well below what may wait to be learned. */
const FLUSH_EVERY = 5000
const SETTLE_MS = 300
/** Of the sample: the compiler needs tens of thousands of checks. */
const WARM_ROUNDS = 4

async function run(order: IdentitiesOrder): Promise<void> {
  const { series, requests, counts, sample, redis } = order
  const most = Math.max(...counts)
  const own = { meter: silentMeter, close: async () => undefined }
  const maxEntries = Math.min(16_000_000, 2 * ENTRIES * most)
  const bench = await openBenchApp(redis?.port, own, { maxEntries })
  const workload = makeWorkload(most + sample)
  await bench.use(benchSettings({ jwks: jwksOf(workload), maxTokens: Math.max(1, sample) }))
  const fill = await filler(bench, workload, requests)
  // Compiler and caches get their fill before memory is counted, that of tokens by users who are none of those that are counted.
  if (sample > 0) await cpuUsPerCheck(bench, sampleOf(workload, sample, sample, most), WARM_ROUNDS * sample)
  await fill.to(Math.min(FLUSH_EVERY, most))
  const before = await memoryNow(redis?.port)
  const begun = fill.made
  const found = []
  for (const x of counts) {
    process.send?.({ begun: `identities: ${x.toLocaleString('en')}, ${series}` })
    await fill.to(begun + x)
    const bytes = bytesPer(await memoryNow(redis?.port), before, fill.made - begun)
    const cpu = sample === 0 ? [{}] : await cpuRounds(bench, sampleOf(workload, sample, x), order)
    found.push([{ series, x }, cpu.map((own) => ({ ...bytes, ...own }))] as const)
  }
  process.send?.({ value: seriesOf(found) })
  await bench.close()
}

async function cpuRounds(
  bench: BenchApp,
  messages: readonly Buffer[],
  { rounds, redis }: IdentitiesOrder,
): Promise<Figures[]> {
  // Tokens are verified once before anything counts.
  await cpuUsPerCheck(bench, messages, messages.length)
  const figures: Figures[] = []
  for (let round = 0; round < rounds; round++) figures.push(await cpuOf(bench, messages, redis?.pid))
  return figures
}

async function cpuOf(
  bench: BenchApp,
  messages: readonly Buffer[],
  redisPid: number | undefined,
): Promise<Figures> {
  const before = redisPid === undefined ? 0 : (cpuUsOf(redisPid) ?? Number.NaN)
  const cpuUs = await cpuUsPerCheck(bench, messages, messages.length)
  if (redisPid === undefined) return { cpuUs }
  return { cpuUs, redisCpuUs: ((cpuUsOf(redisPid) ?? Number.NaN) - before) / messages.length }
}

/** Requests of identities evenly among those that were made for this point. @param first the first user of all */
function sampleOf(workload: Workload, sample: number, made: number, first = 0): Buffer[] {
  const mint = createMint(workload)
  const count = Math.min(sample, made)
  const step = made / count
  return Array.from({ length: count }, (_, i) => mint.bearer(first + Math.floor(i * step)))
}

/** Makes identities one after the other: `user-0` and so on, as the workload's tokens name them. */
async function filler(bench: BenchApp, workload: Workload, requests: number) {
  const snapshot = bench.app.current()
  if (snapshot === undefined) throw new Error('no configuration is in use')
  const { store, keys, fixed } = bench
  const schedule = (ms: number, task: () => void) => {
    if (ms === 0) setImmediate(task)
    return () => undefined
  }
  const { retention } = fixed.store
  const parts = { store, keys: createHistoryKeys(keys.store), meter: silentMeter, log, schedule, retention }
  const learner = createLearner(parts)
  const variants = await variantsOf(workload, requests, snapshot)
  const fill = {
    made: 0,
    async to(count: number): Promise<void> {
      while (fill.made < count) {
        const until = Math.min(count, fill.made + AT_ONCE)
        const users = Array.from({ length: until - fill.made }, (_, i) => fill.made + i)
        await Promise.all(users.map((user) => live(variants, user, snapshot, learner)))
        if (requests > 1 || Math.floor(until / FLUSH_EVERY) > Math.floor(fill.made / FLUSH_EVERY))
          await learner.flush()
        fill.made = until
      }
      await learner.flush()
    },
  }
  return fill
}

/**
 * Requests of one identity: what the store is taught and, of the last one, also what it is asked and counts. The counters of those
 * before are long gone when habits are full.
 */
async function live(
  variants: readonly Passed[],
  user: number,
  snapshot: Snapshot,
  learner: Learner,
): Promise<void> {
  for (const [i, { check, facts, outcome, ...own }] of variants.entries()) {
    const subject = subjectOf(own.subject, user)
    const isLast = i === variants.length - 1
    const past = isLast ? await recall(check, subject, facts, snapshot.history) : own.past
    learner.learn(check, subject, facts, past, outcome.decision)
  }
}

function subjectOf(subject: Subject, user: number): Subject {
  if (subject.state !== 'identified') throw new Error('a passed check has a subject')
  const session = { id: `session-${user}`, isDerived: false }
  return { ...subject, credential: { ...subject.credential, subject: `user-${user}`, session } }
}

/**
 * Resident memory of who keeps the state, and what the store itself holds. The memory store is off V8's heap; what it sets aside for each
 * entry at its start is not in.
 */
interface Memory {
  readonly residentBytes: number
  readonly storeBytes: number
}

async function memoryNow(redisPort: number | undefined): Promise<Memory> {
  if (redisPort !== undefined) return usedMemory(redisPort)
  await sleep(SETTLE_MS)
  for (let i = 0; i < 3; i++) globalThis.gc?.()
  const { rss, arrayBuffers } = process.memoryUsage()
  return { residentBytes: rss, storeBytes: arrayBuffers }
}

const bytesPer = (now: Memory, before: Memory, count: number): Figures => ({
  bytesPerIdentity: (now.storeBytes - before.storeBytes) / count,
  residentBytesPerIdentity: (now.residentBytes - before.residentBytes) / count,
})

await run(JSON.parse(process.argv[2] ?? '') as IdentitiesOrder)
process.disconnect?.()
