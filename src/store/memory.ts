import type { Clock } from '../clock.ts'
import type { SeedEntry } from './seed.ts'
import { type Counter, NONE, Slab } from './slab.ts'
import { type Store, type StoreCommand, StoreUnavailable } from './store.ts'

export interface MemoryStoreOptions {
  /** Entries kept at most. When full: expired ones go first, then the oldest that are not claims. */
  readonly maxEntries: number
  readonly clock: Clock
  readonly seed?: readonly SeedEntry[]
  /**
   * When this process began to keep claims (epoch ms). Given: proofs made earlier count as unchecked, because an
   * earlier process may have taken them. Absent: there was no earlier one (tests, `vigil decide`).
   */
  readonly startedAtMs?: number
}

/** State of one process: nothing to install, nothing shared, gone with the process. */
export function createMemoryStore(options: MemoryStoreOptions): Store {
  const { clock, maxEntries, startedAtMs } = options
  const slab = new Slab(maxEntries)
  const standing =
    startedAtMs === undefined ? { degraded: [] } : { degraded: [], primarySinceMs: startedAtMs }
  const put = (key: string, text: string, ttlMs: number, isPinned: boolean, nowMs: number) => {
    if (!slab.setText(key, text, nowMs + ttlMs, isPinned, nowMs)) throw new StoreUnavailable('full')
  }
  const window = ({ key, window, ttlMs, adds }: WindowCommand, slot: number, nowMs: number) => {
    const counter = slab.counter(slot)
    if (!adds) return countsOf(counter, window)
    if (counter === undefined || window > counter.window) {
      // A new window, and with it a new end.
      const next = { window, current: 1, previous: countIn(counter, window - 1) }
      if (!slab.setCounter(key, next, nowMs + ttlMs, nowMs)) throw new StoreUnavailable('full')
      return countsOf(next, window)
    }
    if (window === counter.window) counter.current++
    else if (window === counter.window - 1) counter.previous++
    slab.recount(slot, counter)
    return countsOf(counter, window)
  }
  const run = (command: StoreCommand, nowMs: number): string | null => {
    const slot = slab.find(command.key, nowMs)
    if (command.op === 'window') return window(command, slot, nowMs)
    const text = slab.text(slot)
    if (command.op === 'get') return text ?? null
    // Whatever stands there is no first use.
    if (slot !== NONE) return text ?? ''
    put(command.key, command.value, command.ttlMs, true, nowMs)
    return null
  }
  for (const { key, value, ttlMs } of options.seed ?? []) put(key, value, ttlMs, false, clock.nowMs())

  return {
    kind: 'memory',
    standing,
    async read(commands) {
      const nowMs = clock.nowMs()
      return commands.map((command) => run(command, nowMs))
    },
    async update(key, ttlMs, merge) {
      const nowMs = clock.nowMs()
      put(key, merge(slab.text(slab.find(key, nowMs)) ?? null), ttlMs, false, nowMs)
    },
    async health() {
      return { isReachable: true, ...standing }
    },
    async close() {
      // Nothing is held open; entries go with the process.
    },
  }
}

type WindowCommand = Extract<StoreCommand, { op: 'window' }>

/** `current previous`, as of this window. */
const countsOf = (counter: Counter | undefined, window: number): string =>
  `${countIn(counter, window)} ${countIn(counter, window - 1)}`

/** What was counted in this window; a counter knows two of them. */
function countIn(counter: Counter | undefined, window: number): number {
  if (window === counter?.window) return counter.current
  return window + 1 === counter?.window ? counter.previous : 0
}
