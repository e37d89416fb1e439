/** The service in process: bytes of a CheckRequest in, bytes of a CheckResponse out, and what was recorded of it. */
import { createApp } from '../../../src/app.ts'
import { toRecord } from '../../../src/audit/record.ts'
import { createCheckHandler, type Decider } from '../../../src/check/handler.ts'
import { settings as settingsSchema } from '../../../src/config/schema/settings.ts'
import { staticSettings } from '../../../src/config/schema/static.ts'
import { type Log, noPlaces, silentMeter } from '../../../src/ports.ts'
import { countedEntropy, countedIds, TEST_KEYS } from '../../harness/app.ts'
import type { StoreState } from './draft.ts'
import type { Caller, World } from './settings.ts'
import { createFuzzStore, type FuzzStore } from './store.ts'

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

/** By a clock that stands still: a busy machine must not make a refusal of a pass. Deadlines have tests of their own. */
const DEADLINE_MS = 200
const MAX_BYTES = 64 * 1024
/** An answer that takes so long has been forgotten. */
export const LATE_MS = 20_000

/** What one check leaves behind: its time before, its record and log after. */
class Scene {
  nowMs = 0
  record: string | undefined
  readonly log: string[] = []
  readonly #note = (level: string) => (event: string, fields?: object) =>
    void this.log.push(`${level} ${event} ${JSON.stringify(fields ?? {})}`)
  readonly logs: Log = {
    debug: this.#note('debug'),
    info: this.#note('info'),
    warn: this.#note('warn'),
    error: this.#note('error'),
  }

  begin(atMs: number): void {
    this.nowMs = atMs
    this.log.length = 0
    this.record = undefined
  }
}

/** @throws with every problem when the world is no valid configuration: worlds are to be valid. */
async function openApp({ settings, isCallerAcknowledged }: World, store: FuzzStore, scene: Scene) {
  const acknowledge = { unverifiedCaller: isCallerAcknowledged, observe: true }
  const app = await createApp({
    fixed: staticSettings.parse({ acknowledge }),
    store,
    keys: TEST_KEYS,
    // Ages of keys are not what this is about: they stand in the configuration.
    clock: { nowMs: () => scene.nowMs, monotonicMs: () => 0 },
    entropy: countedEntropy(),
    meter: silentMeter,
    log: scene.logs,
    baseDir: import.meta.dirname,
    openPlaces: noPlaces,
    // Learning happens in `learn` alone; within it nobody waits.
    schedule: (ms, run) => {
      if (ms === 0) queueMicrotask(run)
      return () => undefined
    },
    defer: (run) => run(),
  })
  const compiled = app.compile(settingsSchema.parse(settings), 'fuzz')
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  await app.use(compiled.value)
  return app
}

/** The decider, and what it records is kept. */
function recording(decider: Decider, headers: readonly string[], scene: Scene): Decider {
  return {
    ...decider,
    finish: (outcome, ms) => {
      scene.record = JSON.stringify(toRecord(outcome, { durationUs: 1, config: 'fuzz', headers }))
      decider.finish(outcome, ms)
    },
  }
}

export async function openTarget(world: World): Promise<Target> {
  const store = createFuzzStore()
  const scene = new Scene()
  const app = await openApp(world, store, scene)
  const decider = recording(app.decider(), world.settings.context.requestHeaders, scene)
  const handler = createCheckHandler(() => decider, {
    deadlineMs: DEADLINE_MS,
    maxInFlight: 10,
    maxMessageBytes: MAX_BYTES,
    callers: world.callers,
    clock: { nowMs: () => scene.nowMs, monotonicMs: () => 0 },
    newId: countedIds(),
    defer: (run) => run(),
    meter: silentMeter,
    log: scene.logs,
  })
  return {
    send: async ({ bytes, atMs, caller, store: state }) => {
      scene.begin(atMs)
      store.behave(state, bytes.length)
      const begin = performance.now()
      const answer = await handler.handle(bytes, caller)
      const tookMs = performance.now() - begin
      store.behave('good', 0)
      return { bytes: answer, record: scene.record, log: [...scene.log], tookMs }
    },
    learn: () => app.flush(),
    forget: async () => {
      // What waits to be written is of that case, too.
      await app.flush()
      store.clear()
    },
  }
}
