import { randomBytes, randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type App, createApp } from '../../src/app.ts'
import { type CheckHandler, createCheckHandler } from '../../src/check/handler.ts'
import { systemClock as clock } from '../../src/clock.ts'
import { settings as schema } from '../../src/config/schema/settings.ts'
import { type StaticSettings, staticSettings } from '../../src/config/schema/static.ts'
import { type InstanceKeys, silentLog as log, type Meter } from '../../src/ports.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { startTelemetry, type Telemetry } from '../../src/telemetry/telemetry.ts'
import { deriveInstanceKeys } from '../../src/tokens/instance-keys.ts'

/** The real service without its process: pipeline, real clock, real telemetry, audit to a file. */
export interface BenchApp {
  readonly app: App
  readonly fixed: StaticSettings
  readonly meter: Meter
  readonly store: Store
  readonly keys: InstanceKeys
  /** @param defer what runs after an answer; by default as in the service. */
  handler(defer?: (run: () => void) => void): CheckHandler
  /** Compiles settings and puts them in use. */
  use(raw: unknown): Promise<void>
  /** Where records go when settings say so. */
  readonly records: string
  /** Removes the records. */
  forget(): void
  close(): Promise<void>
}

const later = (run: () => void) => void setImmediate(run)

/** One of a process: OpenTelemetry's are global. */
type OwnTelemetry = Pick<Telemetry, 'meter' | 'tracing' | 'close'>

/** Applications of one process, whose files must not meet. */
let opened = 0

/**
 * @param redisPort absent: the memory store
 * @param memory settings of the memory store; absent: the defaults
 */
export async function openBenchApp(
  redisPort?: number,
  given?: OwnTelemetry,
  memory: { readonly maxEntries?: number } = {},
): Promise<BenchApp> {
  const redis = redisPort === undefined ? {} : { kind: 'redis', redis: { port: redisPort } }
  const fixed = staticSettings.parse({
    // Wide, so that a busy machine gives slow answers and not refusals, which are no figure.
    server: { listen: ['127.0.0.1:0'], deadlineMs: 10_000 },
    store: { ...redis, memory, budgetMs: 5000 },
    instanceKeyFile: 'unused',
  })
  const telemetry = given ?? (await startTelemetry({ clock }))
  const { meter, tracing } = telemetry
  const secret = randomBytes(32)
  const store = await openStore(fixed.store, '.', { clock, log, meter, newId: randomUUID })
  const keys = deriveInstanceKeys({ root: secret, current: secret })
  const app = await createApp({
    fixed,
    store,
    keys,
    clock,
    entropy: randomBytes,
    meter,
    tracing,
    log,
    baseDir: '.',
    schedule: (ms, run) => {
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    },
    defer: later,
  })
  // A proof tells its time in whole seconds, and one that looks older than the store would be asked for a nonce.
  await sleep(1000 - (Date.now() % 1000))
  const records = join(tmpdir(), `vigil-bench-${process.pid}-${++opened}.jsonl`)
  const forget = () => rmSync(records, { force: true })
  return {
    app,
    fixed,
    meter,
    store,
    keys,
    records,
    handler: (defer = later) =>
      createCheckHandler(app.decider, { ...fixed.server, clock, newId: randomUUID, defer, meter, log }),
    use: async (raw) => {
      const compiled = app.compile(schema.parse(raw), 'bench')
      if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
      await compiled.value.tokens.start()
      await app.use(compiled.value)
    },
    forget,
    close: async () => {
      await app.close()
      await telemetry.close()
      forget()
    },
  }
}
