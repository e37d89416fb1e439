/** One variant of the soak, in a process of its own: `node --expose-gc run.ts CHECKS SEED VARIANT`; tells its parent how it goes. */
import { createApp } from '../../../src/app.ts'
import { createCheckHandler } from '../../../src/check/handler.ts'
import { settings as settingsSchema } from '../../../src/config/schema/settings.ts'
import { staticSettings } from '../../../src/config/schema/static.ts'
import { noPlaces, silentLog, silentMeter } from '../../../src/ports.ts'
import { createMemoryStore } from '../../../src/store/memory.ts'
import { isPass } from '../../bench/grpc/frames.ts'
import { countedEntropy, countedIds, TEST_KEYS } from '../../harness/app.ts'
import { random } from '../random.ts'
import { SAMPLES, type Sample, type SoakResult, summarise, type Variant } from './summary.ts'
import { createTraffic, SETTINGS } from './traffic.ts'

/** The clock of the soak: every check comes a millisecond after the one before, so that what expires does expire. */
const BEGIN_MS = Date.UTC(2026, 10, 22, 9)
/** At once, as they come over a connection. */
const TOGETHER = 64
const CALLER = { state: 'unverified', sans: [] } as const
/** Small enough to be full before the first sample that counts. */
const STORE_ENTRIES = 20_000

async function openHandler(clock: { nowMs(): number; monotonicMs(): number }) {
  const defer = (run: () => void) => void setImmediate(run)
  const app = await createApp({
    fixed: staticSettings.parse({ acknowledge: { unverifiedCaller: true } }),
    store: createMemoryStore({ maxEntries: STORE_ENTRIES, clock }),
    keys: TEST_KEYS,
    clock,
    entropy: countedEntropy(),
    meter: silentMeter,
    log: silentLog,
    baseDir: import.meta.dirname,
    openPlaces: noPlaces,
    schedule: (ms, run) => {
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    },
    defer,
  })
  const compiled = app.compile(settingsSchema.parse(SETTINGS), 'soak')
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  await app.use(compiled.value)
  const handler = createCheckHandler(app.decider, {
    deadlineMs: 10_000,
    maxInFlight: 1000,
    clock: { nowMs: clock.nowMs, monotonicMs: () => performance.now() },
    newId: countedIds(),
    defer,
    meter: silentMeter,
    log: silentLog,
  })
  return { handler, app }
}

async function sample(checks: number): Promise<Sample> {
  // What was answered last is still being recorded and learned.
  await new Promise((resume) => setTimeout(resume, 20))
  globalThis.gc?.()
  globalThis.gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { checks, rss, heapUsed, external, handles: process.getActiveResourcesInfo().length }
}

async function soak(checks: number, seed: number, variant: Variant): Promise<SoakResult> {
  let atMs = BEGIN_MS
  const clock = { nowMs: () => atMs, monotonicMs: () => atMs - BEGIN_MS }
  const { handler, app } = await openHandler(clock)
  const traffic = createTraffic(random(seed), variant === 'bounded' ? 1000 : undefined)
  const samples: Sample[] = []
  const every = Math.max(TOGETHER, Math.floor(checks / SAMPLES))
  let [done, passed] = [0, 0]
  const begin = performance.now()
  while (done < checks) {
    const answers = await Promise.all(
      Array.from({ length: TOGETHER }, () => {
        atMs++
        return handler.handle(traffic.next(atMs), CALLER)
      }),
    )
    for (const answer of answers) if (isPass(Buffer.concat([Buffer.alloc(5), answer]))) passed++
    const before = done
    done += TOGETHER
    if (Math.floor(done / every) > Math.floor(before / every)) {
      samples.push(await sample(done))
      process.send?.({ done })
    }
  }
  const seconds = (performance.now() - begin) / 1000
  await app.close()
  return { variant, seed, checks: done, passed, seconds, ...summarise(samples), samples }
}

const [checks = '', seed = '', variant = ''] = process.argv.slice(2)
const result = await soak(Number(checks), Number(seed), variant as Variant)
process.send?.({ done: result.checks, result })
// What was sent is written before the channel closes.
process.disconnect?.()
