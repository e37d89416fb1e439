import { createHash } from 'node:crypto'
import { type App, createApp } from '../../src/app.ts'
import { settings as settingsSchema } from '../../src/config/schema/settings.ts'
import { staticSettings } from '../../src/config/schema/static.ts'
import type { Check, Outcome } from '../../src/model.ts'
import {
  type Entropy,
  type Log,
  type Meter,
  noPlaces,
  type OpenPlaces,
  type OpenRecordExport,
  silentLog,
  silentMeter,
  type Tracing,
} from '../../src/ports.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import type { Store } from '../../src/store/store.ts'
import { deriveInstanceKeys } from '../../src/tokens/instance-keys.ts'

/** The whole pipeline in process: memory store, a clock that tests move, keys and ids that are always the same. */
export interface TestApp {
  readonly app: App
  readonly clock: { nowMs(): number; monotonicMs(): number; set(ms: number): void }
  /** Decides, and learns before it resolves. */
  decide(check: Check): Promise<Outcome>
  newId(): string
  close(): Promise<void>
}

const secret = (name: string) => createHash('sha256').update(name).digest()

export const TEST_KEYS = deriveInstanceKeys({ root: secret('root'), current: secret('current') })

/** Bytes that look random and are the same in every run. */
export function countedEntropy(): Entropy {
  let count = 0
  return (size) => {
    const blocks = Math.ceil(size / 32)
    const bytes = Array.from({ length: blocks }, () => secret(`entropy ${count++}`))
    return Buffer.concat(bytes).subarray(0, size)
  }
}

export function countedIds(): () => string {
  let count = 0
  return () => `00000000-0000-4000-8000-${(++count).toString(16).padStart(12, '0')}`
}

/**
 * @param raw settings as they would stand in vigil.yaml.
 * @throws with every problem when the settings do not compile.
 */
export async function openTestApp(
  raw: unknown,
  options: {
    store?: Store
    atMs?: number
    meter?: Meter
    log?: Log
    hasRecords?: boolean
    tracing?: Tracing
    openPlaces?: OpenPlaces
    openExport?: OpenRecordExport
    /** Members of static.yaml. */
    fixed?: object
  } = {},
): Promise<TestApp> {
  let nowMs = options.atMs ?? Date.UTC(2026, 10, 24, 10)
  const clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    set: (ms: number) => {
      nowMs = ms
    },
  }
  const app = await createApp({
    fixed: staticSettings.parse({ acknowledge: { unverifiedCaller: true }, ...options.fixed }),
    store: options.store ?? createMemoryStore({ maxEntries: 100_000, clock }),
    keys: TEST_KEYS,
    clock,
    entropy: countedEntropy(),
    meter: options.meter ?? silentMeter,
    log: options.log ?? silentLog,
    baseDir: import.meta.dirname,
    tracing: options.tracing,
    openPlaces: options.openPlaces ?? noPlaces,
    openExport: options.openExport,
    // Learning happens in `flush`, never by itself.
    schedule: () => () => undefined,
    defer: (run) => run(),
  })
  const parsed = settingsSchema.parse(raw)
  const sinks = options.hasRecords === true ? parsed.audit.sinks : []
  const compiled = app.compile({ ...parsed, audit: { ...parsed.audit, sinks } }, 'test')
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  await app.use(compiled.value)
  return {
    app,
    clock,
    decide: async (check) => {
      clock.set(check.atMs)
      const decider = app.decider()
      const outcome = await decider.decide(check)
      decider.finish(outcome, 0)
      await app.flush()
      return outcome
    },
    newId: countedIds(),
    close: () => app.close(),
  }
}
