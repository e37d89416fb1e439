/** The service in process: bytes of a CheckRequest in, bytes of a CheckResponse out, and what was recorded of it. */
import { createApp } from '../../../src/app.ts'
import { toRecord } from '../../../src/audit/record.ts'
import { createCheckHandler } from '../../../src/check/handler.ts'
import { settings as settingsSchema } from '../../../src/config/schema/settings.ts'
import { staticSettings } from '../../../src/config/schema/static.ts'
import type { Outcome } from '../../../src/model.ts'
import { noPlaces, silentMeter } from '../../../src/ports.ts'
import { countedEntropy, countedIds, TEST_KEYS } from '../../harness/app.ts'
import type { StoreState } from './draft.ts'
import type { Caller, World } from './settings.ts'
import { createFuzzStore } from './store.ts'

export interface Sent {
  readonly bytes: Buffer
  readonly atMs: number
  readonly caller: Caller
  readonly store: StoreState
}

export interface Answered {
  readonly bytes: Buffer
  /** Its record, as JSON; absent: there is none, which is a fault. */
  readonly record: string | undefined
  readonly log: readonly string[]
  readonly tookMs: number
}

export interface Target {
  send(sent: Sent): Promise<Answered>
  /** What was learned so far is written, as it is a second later in the service. */
  learn(): Promise<void>
  /** Everything of the case before is forgotten. */
  forget(): Promise<void>
}

const DEADLINE_MS = 20_000
const MAX_BYTES = 64 * 1024
/** An answer that comes later has missed the deadline; half a second is for the machine. */
export const LATE_MS = DEADLINE_MS + 500

/** @throws with every problem when the world is no valid configuration: worlds are to be valid. */
export async function openTarget(world: World): Promise<Target> {
  const store = createFuzzStore()
  let nowMs = 0
  const log: string[] = []
  const note = (level: string) => (event: string, fields?: object) =>
    void log.push(`${level} ${event} ${JSON.stringify(fields ?? {})}`)
  const logs = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
  const app = await createApp({
    fixed: staticSettings.parse({
      acknowledge: { unverifiedCaller: world.isCallerAcknowledged, observe: true },
    }),
    store,
    keys: TEST_KEYS,
    // Ages of keys are not what this is about: they stand in the configuration.
    clock: { nowMs: () => nowMs, monotonicMs: () => 0 },
    entropy: countedEntropy(),
    meter: silentMeter,
    log: logs,
    baseDir: import.meta.dirname,
    openPlaces: noPlaces,
    // Learning happens in `learn` alone; within it nobody waits.
    schedule: (ms, run) => {
      if (ms === 0) queueMicrotask(run)
      return () => undefined
    },
    defer: (run) => run(),
  })
  const parsed = settingsSchema.parse(world.settings)
  const compiled = app.compile(parsed, 'fuzz')
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  await app.use(compiled.value)
  const decider = app.decider()
  let record: string | undefined
  const recording = {
    ...decider,
    finish: (outcome: Outcome, ms: number) => {
      const { requestHeaders } = parsed.context
      record = JSON.stringify(toRecord(outcome, { durationUs: 1, config: 'fuzz', headers: requestHeaders }))
      decider.finish(outcome, ms)
    },
  }
  const handler = createCheckHandler(() => recording, {
    deadlineMs: DEADLINE_MS,
    maxInFlight: 10,
    maxMessageBytes: MAX_BYTES,
    callers: world.callers,
    clock: { nowMs: () => nowMs, monotonicMs: () => performance.now() },
    newId: countedIds(),
    defer: (run) => run(),
    meter: silentMeter,
    log: logs,
  })
  return {
    send: async ({ bytes, atMs, caller, store: state }) => {
      nowMs = atMs
      log.length = 0
      record = undefined
      store.behave(state, bytes.length)
      const begin = performance.now()
      const answer = await handler.handle(bytes, caller)
      const tookMs = performance.now() - begin
      store.behave('good', 0)
      return { bytes: answer, record, log: [...log], tookMs }
    },
    learn: () => app.flush(),
    forget: async () => {
      // What waits to be written is of that case, too.
      await app.flush()
      store.clear()
    },
  }
}
