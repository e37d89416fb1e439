import type { Clock } from '../clock.ts'
import type { SeedEntry } from './seed.ts'
import { Slab } from './slab.ts'
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
  const put = (key: string, value: string | number, ttlMs: number, isPinned: boolean, nowMs: number) => {
    if (!slab.set(key, value, nowMs + ttlMs, isPinned, nowMs)) throw new StoreUnavailable('full')
  }
  const run = (command: StoreCommand, nowMs: number): string | null => {
    const current = slab.get(command.key, nowMs)
    if (command.op === 'get') return current === undefined ? null : String(current)
    if (command.op === 'claim') {
      if (current !== undefined) return String(current)
      put(command.key, command.value, command.ttlMs, true, nowMs)
      return null
    }
    const sum = 1 + (current === undefined ? 0 : Number(current))
    if (current === undefined) put(command.key, sum, command.ttlMs, false, nowMs)
    else slab.replace(command.key, sum)
    return String(sum)
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
      const current = slab.get(key, nowMs)
      put(key, merge(current === undefined ? null : String(current)), ttlMs, false, nowMs)
    },
    async health() {
      return { isReachable: true, ...standing }
    },
    async close() {
      // Nothing is held open; entries go with the process.
    },
  }
}
