import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { type App, createApp } from '../../../src/app.ts'
import { createCheckHandler } from '../../../src/check/handler.ts'
import { formatProblem } from '../../../src/config/format.ts'
import { readSettings } from '../../../src/config/read.ts'
import { auditSettings } from '../../../src/config/schema/audit.ts'
import { staticSettings } from '../../../src/config/schema/static.ts'
import type { Caller, Outcome } from '../../../src/model.ts'
import { type InstanceKeys, silentLog, silentMeter } from '../../../src/ports.ts'
import type { Snapshot } from '../../../src/snapshot.ts'
import { createMemoryStore } from '../../../src/store/memory.ts'
import { type Store, StoreUnavailable } from '../../../src/store/store.ts'
import { countedEntropy, countedIds, TEST_KEYS } from '../../harness/app.ts'
import { GOLDEN, type GoldenCase } from './case.ts'

/** Time and store of a case, both moved by it. */
export interface Weather {
  nowMs: number
  isStoreDown: boolean
}

export interface GoldenApp {
  readonly weather: Weather
  readonly snapshot: Snapshot
  /** From the bytes of a CheckRequest to the bytes of a CheckResponse, and the outcome behind them. */
  handle(bytes: Buffer, caller: Caller): Promise<{ readonly response: Buffer; readonly outcome: Outcome }>
  /** Ends the app. @returns the lines of its audit file */
  close(): Promise<readonly string[]>
}

type Plan = Pick<GoldenCase, 'config' | 'static'>

/** The service without its listeners: real configuration file in, real audit file out. */
export async function openGolden(plan: Plan): Promise<GoldenApp> {
  const scratch = mkdtempSync(join(tmpdir(), 'vigil-golden-'))
  const records = join(scratch, 'records.jsonl')
  const fixed = staticSettings.parse(plan.static)
  const weather: Weather = { nowMs: 0, isStoreDown: false }
  const clock = { nowMs: () => weather.nowMs, monotonicMs: () => 0 }
  const store = weathered(createMemoryStore({ maxEntries: 100_000, clock }), weather)
  const app = await openApp(fixed, store, TEST_KEYS, clock)
  const snapshot = await compile(
    app,
    plan,
    scratch,
    auditSettings.parse({ sinks: [{ kind: 'file', path: records }] }).sinks,
  )
  await app.use(snapshot)
  let finished: Outcome | undefined
  const decider = app.decider()
  const finish = (outcome: Outcome, durationMs: number) => {
    finished = outcome
    decider.finish(outcome, durationMs)
  }
  const options = { ...fixed.server, deadlineMs: 60_000, clock, newId: countedIds() }
  const quiet = { meter: silentMeter, log: silentLog, defer: (run: () => void) => run() }
  const handler = createCheckHandler(() => ({ ...decider, finish }), { ...options, ...quiet })
  return {
    weather,
    snapshot,
    handle: async (bytes, caller) => {
      finished = undefined
      const response = await handler.handle(bytes, caller)
      await app.flush()
      if (finished === undefined) throw new Error('the check was not finished')
      return { response, outcome: finished }
    },
    close: async () => {
      await app.close()
      const lines = readFileSync(records, 'utf8').split('\n').slice(0, -1)
      rmSync(scratch, { recursive: true })
      return lines
    },
  }
}

/** The same configuration in a process that has neither the keys nor the store of the first one. */
export async function compileElsewhere(plan: Plan): Promise<Snapshot> {
  const nothing = Buffer.alloc(32)
  const keys: InstanceKeys = {
    store: nothing,
    pseudonym: nothing,
    lastGood: nothing,
    nonce: [nothing],
    hop: [nothing],
  }
  const clock = { nowMs: () => 0, monotonicMs: () => 0 }
  const store = weathered(createMemoryStore({ maxEntries: 1, clock }), { nowMs: 0, isStoreDown: true })
  const scratch = mkdtempSync(join(tmpdir(), 'vigil-golden-'))
  try {
    return await compile(await openApp(staticSettings.parse({}), store, keys, clock), plan, scratch, [])
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

const openApp = (
  fixed: ReturnType<typeof staticSettings.parse>,
  store: Store,
  keys: InstanceKeys,
  clock: { nowMs(): number; monotonicMs(): number },
): Promise<App> =>
  createApp({
    fixed,
    store,
    keys,
    clock,
    entropy: countedEntropy(),
    meter: silentMeter,
    log: silentLog,
    // Files that a configuration names, such as key sets, lie beside the shared ones.
    baseDir: CONFIGS,
    openPlaces: () => PLACES,
    schedule: () => () => undefined,
    defer: (run) => run(),
  })

/** Every case is played on this small internet; AS14061 is one that the curated list knows as hosting. */
const COLOGNE = { name: 'Köln', latitude: 50.93, longitude: 6.96 }
const PLACES = {
  find: (ip: string) => {
    if (ip.startsWith('198.51.100.')) return { country: 'DE', asn: 64500, city: undefined }
    if (ip.startsWith('203.0.113.')) return { country: 'DE', asn: 64501, city: COLOGNE }
    if (ip.startsWith('192.0.2.')) return { country: 'BR', asn: 14061, city: undefined }
    return { country: undefined, asn: undefined, city: undefined }
  },
}

const CONFIGS = join(GOLDEN, 'configs')

type Sinks = Snapshot['settings']['audit']['sinks']

/** The hash is that of the configuration as it is written, wherever its records go. */
async function compile(app: App, plan: Plan, scratch: string, sinks: Sinks): Promise<Snapshot> {
  const read = await readSettings(fileOf(plan.config, scratch), (settings, hash) =>
    app.compile({ ...settings, audit: { ...settings.audit, sinks } }, hash),
  )
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join('\n'))
  return read.value
}

function fileOf(config: Plan['config'], scratch: string): string {
  if (typeof config === 'string') return join(CONFIGS, `${config}.yaml`)
  const { from, ...sections } = config
  const shared = parse(readFileSync(join(CONFIGS, `${from}.yaml`), 'utf8')) as object
  const file = join(scratch, 'vigil.yaml')
  writeFileSync(file, stringify({ ...shared, ...sections }))
  return file
}

function weathered(store: Store, weather: Weather): Store {
  const unlessDown = <T>(act: () => Promise<T>): Promise<T> =>
    weather.isStoreDown ? Promise.reject(new StoreUnavailable('timeout')) : act()
  return {
    ...store,
    read: (commands, budgetMs) => unlessDown(() => store.read(commands, budgetMs)),
    update: (key, ttlMs, merge) => unlessDown(() => store.update(key, ttlMs, merge)),
  }
}
