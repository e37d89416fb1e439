import { createReadStream } from 'node:fs'
import { type App, createApp } from './app.ts'
import { decideLines } from './cli/decide.ts'
import { EXIT, type Io } from './cli/io.ts'
import type { DecideArgs } from './cli/run.ts'
import { formatProblem } from './config/format.ts'
import { randomInstanceKey } from './config/instance-key.ts'
import { folderOf, readSettings } from './config/read.ts'
import { staticSettings } from './config/schema/static.ts'
import { createOpenPlaces } from './context/index.ts'
import { unreadable } from './lib/error-name.ts'
import type { Check, Outcome } from './model.ts'
import { type Clock, type Entropy, silentLog, silentMeter } from './ports.ts'
import { createMemoryStore } from './store/memory.ts'
import { deriveInstanceKeys } from './tokens/instance-keys.ts'

export interface OfflineDeps {
  readonly clock: Clock
  readonly entropy: Entropy
  readonly newId: () => string
}

/** An app without listeners whose time is that of the check at hand; state lives in this process only. */
export interface OfflineApp {
  readonly app: App
  decide(check: Check): Promise<Outcome>
}

/** What checks may leave behind in one run of `vigil decide`. */
const MAX_ENTRIES = 1_000_000
/** For whoever compiles a configuration and decides nothing with it: a store takes all its room at once. */
export const COMPILES_ONLY = 1

/** @param maxEntries room for what checks leave behind */
export async function openOffline(
  configFile: string,
  deps: OfflineDeps,
  maxEntries = MAX_ENTRIES,
): Promise<OfflineApp> {
  let nowMs = deps.clock.nowMs()
  const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => deps.clock.monotonicMs() }
  const app = await createApp({
    fixed: staticSettings.parse({ acknowledge: { unverifiedCaller: false } }),
    store: createMemoryStore({ maxEntries, clock }),
    keys: deriveInstanceKeys(randomInstanceKey(deps.entropy)),
    clock,
    entropy: deps.entropy,
    meter: silentMeter,
    log: silentLog,
    baseDir: folderOf(configFile),
    openPlaces: createOpenPlaces({ meter: silentMeter, log: silentLog }),
    // Learning is flushed after every check, never by a timer.
    schedule: () => () => undefined,
    defer: (act) => act(),
  })
  return {
    app,
    decide: async (check) => {
      nowMs = check.atMs
      // What goes wrong is an answer as it is in the service, and the next check is decided all the same.
      const decider = app.decider()
      const outcome = await decider.decide(check).catch(() => decider.refuse(check, 'check.fault.unexpected'))
      decider.finish(outcome, 0)
      await app.flush()
      return outcome
    },
  }
}

/** `vigil decide`: the pipeline over CheckRequests in protobuf JSON. */
export async function decideFile(args: DecideArgs, io: Io, deps: OfflineDeps): Promise<number> {
  const { app, decide } = await openOffline(args.config, deps)
  const read = await readSettings(args.config, (settings, hash, folder) =>
    app.compile({ ...settings, audit: { ...settings.audit, sinks: [] } }, hash, folder),
  )
  if (!read.ok) {
    for (const problem of read.problems) io.stderr(`${formatProblem(problem)}\n`)
    return EXIT.refused
  }
  await app.use(read.value)
  const input = args.input === '-' ? io.stdin : createReadStream(args.input)
  try {
    return await decideLines(input, (line) => io.stdout(`${line}\n`), {
      decide,
      newId: deps.newId,
      nowMs: () => deps.clock.nowMs(),
    })
  } catch (error) {
    // Only the stream fails with a code of the system; all else is a fault of this service.
    if (!(error instanceof Error && 'code' in error)) throw error
    io.stderr(`vigil: ${args.input}: ${unreadable(error)}\n`)
    return EXIT.usage
  } finally {
    await app.close()
  }
}
