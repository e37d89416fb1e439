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
  /**
   * What was counted under this key in the fixed window of this number and in the one before it; `adds`: one more is
   * counted first. `INCR key+window`, the first time with `PEXPIRE ttlMs` (else `GET`), and `GET key+earlier window`.
   * Result: both sums as decimal digits with a blank between, this window's first.
   */
  | {
      readonly op: 'window'
      readonly key: string
      readonly window: number
      /** Longer than two windows: the earlier one is still asked for. */
      readonly ttlMs: number
      readonly adds: boolean
    }

/** How far the store can be relied on for single use, as last learned by connecting and by `health()`. */
export interface StoreStanding {
  /** `eviction`, `replica`, `version`, `unknown`: why a claim may be lost, or not be made where it counts. */
  readonly degraded: readonly string[]
  /**
   * Claims made before this moment (epoch ms) may be gone, with the primary that held them or with the process that knew
   * their names. Absent: none are.
   */
  readonly primarySinceMs?: number
}

export interface StoreHealth extends StoreStanding {
  readonly isReachable: boolean
}

export interface Store {
  readonly kind: 'memory' | 'redis'
  /** Known without waiting, so that a check can look at it. Absent: nothing to worry about. */
  readonly standing?: StoreStanding
  /**
   * Runs all commands in one wait and answers in their order. What is asked of a key that the same read claims or counts
   * before it includes that; whether it includes what comes behind it is open.
   * @throws StoreUnavailable when the store is unreachable or over `budgetMs`; commands may then have run or not.
   */
  read(commands: readonly StoreCommand[], budgetMs: number): Promise<readonly (string | null)[]>
  /**
   * Atomic read-modify-write, for merging what was learned: `merge` may be called again when another process
   * wrote in between, so it must be pure. Off the request path.
   * @throws StoreUnavailable
   */
  update(key: string, ttlMs: number, merge: (current: string | null) => string): Promise<void>
  /** Asks the store how it is, renews `standing`, and tells both. Off the request path; never rejects. */
  health(): Promise<StoreHealth>
  close(): Promise<void>
}

/**
 * Why the store did not do what was asked: no reply in time, no connection, no room, an error reply
 * (no permission, read only, too old), or too many other writers of the same key.
 */
export type StoreFailure = 'timeout' | 'unreachable' | 'full' | 'refused' | 'contended'

/** The store could not be reached, or not in time. The failure table decides what follows. */
export class StoreUnavailable extends Error {
  readonly reason: StoreFailure
  constructor(reason: StoreFailure, options?: { cause?: unknown }) {
    super(`store ${reason}`, options)
    this.name = 'StoreUnavailable'
    this.reason = reason
  }
}
