import { createHmac } from 'node:crypto'
import { errorName } from '../lib/error-name.ts'
import type { Clock, Entropy, Log, Meter } from '../ports.ts'
import { type Store, StoreUnavailable } from '../store/store.ts'
import { open, openHead, seal } from './seal.ts'

export interface LastGoodOptions {
  readonly store: Pick<Store, 'kind' | 'read' | 'update'>
  /** `InstanceKeys.lastGood`. */
  readonly key: Buffer
  /** Deployments that share a store and an instance key, and have different configurations, have different names. */
  readonly name: string
  readonly clock: Clock
  readonly entropy: Entropy
  readonly meter: Meter
  readonly log: Log
  readonly schedule: (ms: number, run: () => void) => () => void
}

/** A generation as it is kept. */
export interface Kept {
  readonly settings: unknown
  readonly hash: string
  /** When a process first put it in use, epoch ms. */
  readonly sinceMs: number
}

/** The last good configuration in the shared store, for a start at which the mounted one is bad. */
export interface LastGood {
  /**
   * Keeps a generation that is in use, from now on until another one is. Never waits and never throws: what goes wrong is
   * tried again.
   * @param sinceMs of a generation that was kept before; absent: it is in use since now
   */
  keep(generation: { readonly settings: unknown; readonly hash: string }, sinceMs?: number): void
  /** @returns what is kept, or a sentence why there is nothing to start from */
  recall(): Promise<Kept | string>
  close(): void
}

/**
 * A reply of the store is read on the connection that all checks use: nothing that is kept may be large enough to hold
 * theirs back. After packing this is a configuration of some megabytes.
 */
export const MAX_KEPT_CHARS = 256 * 1024
/** Longer than any rollout and any holiday; each process that lives renews it. */
const TTL_MS = 30 * 24 * 3600 * 1000
const RENEW_MS = 3600 * 1000
/** The connection is only being made when a process starts; later it may be away for long. */
const FIRST_RETRY_MS = 1000
const LONGEST_RETRY_MS = 30_000
/** So many tries may fail before it is worth a line. */
const QUIET_FAILURES = 3
/** At the start the connection is only being made. */
const PATIENCE_MS = 5000
const LOOK_MS = 100
const READ_MS = 1000
/** A clock that is further ahead must not keep all others from writing. */
const MAX_SKEW_MS = 5 * 60 * 1000

/** Nothing outlives a process with its memory, so nothing is kept there. */
export const NOTHING_KEPT: LastGood = {
  keep: () => undefined,
  recall: () => Promise.resolve('nothing is kept'),
  close: () => undefined,
}

interface InUse extends Kept {
  sealed?: string
}

export function createLastGood(options: LastGoodOptions): LastGood {
  return options.store.kind === 'memory' ? NOTHING_KEPT : new LastGoodInStore(options)
}

class LastGoodInStore implements LastGood {
  readonly #options: LastGoodOptions
  readonly #place: string
  #inUse: InUse | undefined
  #cancel: () => void = () => undefined
  #failures = 0
  #isClosed = false

  constructor(options: LastGoodOptions) {
    this.#options = options
    // Under another key it is not even found.
    const name = createHmac('sha256', options.key).update(`place ${options.name}`).digest()
    this.#place = `c:{${name.toString('base64url', 0, 16)}}`
  }

  keep({ settings, hash }: { readonly settings: unknown; readonly hash: string }, sinceMs?: number): void {
    if (this.#isClosed || this.#inUse?.hash === hash) return
    this.#inUse = { settings, hash, sinceMs: sinceMs ?? this.#options.clock.nowMs() }
    this.#soon(0)
  }

  async recall(): Promise<Kept | string> {
    const { clock, key } = this.#options
    const endMs = clock.monotonicMs() + PATIENCE_MS
    const sealed = await this.#read(endMs)
    if (sealed === undefined) return 'the store cannot be reached'
    if (sealed === null) return 'nothing is kept'
    try {
      const opened = await open(sealed, this.#place, key)
      if (opened === undefined) return 'what is kept was not written with this instance key'
      return { settings: opened.value, ...opened.head }
    } catch (error) {
      // Whoever holds the key has written something that is none: there is nothing to start from.
      return `what is kept cannot be read (${errorName(error)})`
    }
  }

  close(): void {
    this.#isClosed = true
    this.#cancel()
  }

  /** @returns what stands there; null: nothing; undefined: nobody could say until then */
  async #read(endMs: number): Promise<string | null | undefined> {
    const { store, clock, schedule } = this.#options
    for (;;) {
      try {
        const [found = null] = await store.read([{ op: 'get', key: this.#place }], READ_MS)
        return found
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error
        if (error.reason === 'refused' || clock.monotonicMs() >= endMs) return undefined
        await new Promise<void>((resolve) => schedule(LOOK_MS, resolve))
      }
    }
  }

  #soon(ms: number): void {
    this.#cancel()
    if (!this.#isClosed) this.#cancel = this.#options.schedule(ms, () => void this.#write())
  }

  /** Writes, or renews what stands there; then again after a while. Never rejects. */
  async #write(): Promise<void> {
    const { log, meter } = this.#options
    const inUse = this.#inUse
    if (inUse === undefined) return
    let isKept = false
    let againMs = RENEW_MS
    try {
      isKept = await this.#put(inUse)
      this.#failures = 0
      if (isKept) log.debug('configuration kept in the store', { hash: inUse.hash })
    } catch (error) {
      againMs = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LONGEST_RETRY_MS)
      const reason = error instanceof StoreUnavailable ? error.reason : errorName(error)
      if (++this.#failures === QUIET_FAILURES)
        log.warn('the configuration cannot be kept in the store', { reason })
    }
    // Of one that is no longer in use nobody asks.
    if (inUse !== this.#inUse) return
    meter.set('vigil_config_last_good_kept', isKept ? 1 : 0)
    this.#soon(againMs)
  }

  async #put(inUse: InUse): Promise<boolean> {
    const { store, key, entropy, clock, log } = this.#options
    inUse.sealed ??= await seal(inUse.settings, inUse, this.#place, key, entropy)
    const mine = inUse.sealed
    if (mine.length > MAX_KEPT_CHARS) {
      log.warn('the configuration is too large to be kept in the store', {
        chars: mine.length,
        most: MAX_KEPT_CHARS,
      })
      return false
    }
    const latestMs = clock.nowMs() + MAX_SKEW_MS
    await store.update(this.#place, TTL_MS, (current) => {
      if (current === null || current === mine) return mine
      const other = openHead(current, this.#place, key)
      // A replica that has not seen the newest edit yet must not take it away from the others.
      const isNewer = other !== undefined && other.sinceMs > inUse.sinceMs && other.sinceMs <= latestMs
      return isNewer ? current : mine
    })
    return true
  }
}
