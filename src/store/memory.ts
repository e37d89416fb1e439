import type { Clock } from '../clock.ts'
import type { SeedEntry } from './seed.ts'
import { type Counter, Slab, type SlabValue } from './slab.ts'
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
  const put = (key: string, value: SlabValue, ttlMs: number, isPinned: boolean, nowMs: number) => {
    if (!slab.set(key, value, nowMs + ttlMs, isPinned, nowMs)) throw new StoreUnavailable('full')
  }
  const window = (
    { key, window, ttlMs, adds }: WindowCommand,
    found: SlabValue | undefined,
    nowMs: number,
  ) => {
    let counter = typeof found === 'object' ? found : undefined
    if (adds && (counter === undefined || window > counter.window)) {
      // A new window, and with it a new end.
      counter = { window, current: 0, previous: countIn(counter, window - 1) }
      put(key, counter, ttlMs, false, nowMs)
    }
    if (adds && counter !== undefined) {
      if (window === counter.window) counter.current++
      else if (window === counter.window - 1) counter.previous++
    }
    return `${countIn(counter, window)} ${countIn(counter, window - 1)}`
  }
  const run = (command: StoreCommand, nowMs: number): string | null => {
    const current = slab.get(command.key, nowMs)
    if (command.op === 'window') return window(command, current, nowMs)
    if (command.op === 'get') return textOf(current)
    // Whatever stands there is no first use.
    if (current !== undefined) return textOf(current) ?? ''
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
      put(key, merge(textOf(slab.get(key, nowMs))), ttlMs, false, nowMs)
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

/** What was counted in this window; a counter knows two of them. */
function countIn(counter: Counter | undefined, window: number): number {
  if (window === counter?.window) return counter.current
  return window + 1 === counter?.window ? counter.previous : 0
}

/** A counter is no text; nobody asks for one as such. */
const textOf = (value: SlabValue | undefined): string | null => (typeof value === 'string' ? value : null)
