/**
 * Shared state behind one small port. Keys and values are ASCII strings; every key carries its own `{hash tag}`.
 * A check calls `read` once; everything else happens after the answer.
 */

/** One command of the single wait. */
export type StoreCommand =
  /** Set if absent and tell what stood there: `SET key value NX PX ttlMs GET`. Result: the earlier value, or null. */
  | { readonly op: 'claim'; readonly key: string; readonly value: string; readonly ttlMs: number }
  /** Result: the value, or null. */
  | { readonly op: 'get'; readonly key: string }
  /** Count one and tell the sum: `SET key 0 NX PX ttlMs` + `INCR key`. Result: decimal digits. */
  | { readonly op: 'count'; readonly key: string; readonly ttlMs: number }

export interface Store {
  readonly kind: 'memory' | 'redis'
  /**
   * Runs all commands in one wait and answers in their order.
   * @throws StoreUnavailable when the store is unreachable or over `budgetMs`; commands may then have run or not.
   */
  read(commands: readonly StoreCommand[], budgetMs: number): Promise<readonly (string | null)[]>
  /**
   * Atomic read-modify-write, for merging what was learned: `merge` may be called again when another process
   * wrote in between, so it must be pure. Off the request path.
   * @throws StoreUnavailable
   */
  update(key: string, ttlMs: number, merge: (current: string | null) => string): Promise<void>
  /** `degraded` tells why the store cannot be relied on for replay, e.g. an evicting maxmemory-policy. */
  health(): Promise<{ readonly isReachable: boolean; readonly degraded: readonly string[] }>
  close(): Promise<void>
}

/** The store could not be reached, or not in time. The failure table decides what follows. */
export class StoreUnavailable extends Error {
  readonly reason: 'timeout' | 'unreachable' | 'full'
  constructor(reason: 'timeout' | 'unreachable' | 'full', options?: { cause?: unknown }) {
    super(`store ${reason}`, options)
    this.name = 'StoreUnavailable'
    this.reason = reason
  }
}
