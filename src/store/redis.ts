import type { Redis } from 'ioredis'
import type { Clock, Meter } from '../ports.ts'
import { within } from './budget.ts'
import { ReadBatch } from './redis-batch.ts'
import { type ConnectionOptions, connect } from './redis-connection.ts'
import { unavailable } from './redis-failure.ts'
import { examine, type Primary, WEAKNESSES } from './redis-standing.ts'
import { updateByCompareAndSet } from './redis-update.ts'
import {
  type Store,
  type StoreCommand,
  type StoreHealth,
  type StoreStanding,
  StoreUnavailable,
} from './store.ts'

export interface RedisStoreOptions extends ConnectionOptions {
  readonly clock: Clock
  readonly meter: Meter
  /**
   * When this process began (epoch ms): uses from before count as unchecked, because they may stand in the store under
   * another root key. Absent: only those from before the primary do.
   */
  readonly startedAtMs?: number
  /** Longest wait of `update` and `health`, which are off the request path. */
  readonly commandTimeoutMs?: number
}

/** Longest wait for the connection to close. */
const CLOSE_MS = 200

/** With nothing but timeouts for this long, the connection is taken for dead and made anew. */
const SILENCE_MS = 1000

/** State shared by all replicas: one Redis (>= 7) or Valkey node. Connects in the background, never blocks the start. */
export function createRedisStore(options: RedisStoreOptions): Store {
  return new RedisStore(options)
}

class RedisStore implements Store {
  readonly kind = 'redis'
  readonly #options: RedisStoreOptions
  readonly #prefix: string
  readonly #timeoutMs: number
  readonly #client: Redis
  readonly #batch: ReadBatch
  #primary: Primary | undefined
  #standing: StoreStanding
  #silentSinceMs: number | undefined

  constructor(options: RedisStoreOptions) {
    this.#options = options
    const { startedAtMs } = options
    this.#standing = { degraded: [], ...(startedAtMs === undefined ? {} : { primarySinceMs: startedAtMs }) }
    this.#prefix = options.settings.keyPrefix
    this.#timeoutMs = options.commandTimeoutMs ?? 1000
    this.#batch = new ReadBatch(() => this.#ready(), options.settings.keyPrefix)
    // INFO goes out first on every connection, so no reply of a new primary is read before it is known as new.
    this.#client = connect(options, () => void this.health())
  }

  get standing(): StoreStanding {
    return this.#standing
  }

  async read(commands: readonly StoreCommand[], budgetMs: number): Promise<readonly (string | null)[]> {
    if (commands.length === 0) return []
    // Down already: say so at once.
    this.#ready()
    return this.#within(this.#batch.read(commands), budgetMs)
  }

  async update(key: string, ttlMs: number, merge: (current: string | null) => string): Promise<void> {
    const client = this.#ready()
    await this.#within(updateByCompareAndSet(client, this.#prefix + key, ttlMs, merge), this.#timeoutMs)
  }

  async health(): Promise<StoreHealth> {
    let isReachable = true
    try {
      const info = await this.#within(this.#ready().info(), this.#timeoutMs)
      this.#learn(info)
    } catch (error) {
      const { reason } = unavailable(error)
      this.#options.meter.add('vigil_store_errors_total', 1, { call: 'health', reason })
      isReachable = reason === 'refused'
      if (isReachable) this.#renew({ ...this.#standing, degraded: ['unknown'] })
    }
    return { isReachable, ...this.#standing }
  }

  async close(): Promise<void> {
    if (this.#client.status === 'end') return
    await new Promise<void>((resolve) => {
      // While it waits to reconnect there is nothing to end, and ioredis says nothing. The timer holds the process: with
      // nothing else left it would end here, before whoever closes has gone on to say how it ended.
      const timer = setTimeout(resolve, CLOSE_MS)
      this.#client.once('end', () => {
        clearTimeout(timer)
        resolve()
      })
      this.#client.disconnect()
    })
  }

  #ready(): Redis {
    if (this.#client.status !== 'ready') throw new StoreUnavailable('unreachable')
    return this.#client
  }

  #learn(info: string): void {
    const before = this.#primary
    const { primary, standing } = examine(info, before, this.#options.clock.nowMs())
    if (before !== undefined && primary !== before) this.#options.log.warn('store.primary-changed')
    this.#primary = primary
    const sinceMs = Math.max(standing.primarySinceMs ?? 0, this.#options.startedAtMs ?? 0)
    this.#renew({ ...standing, primarySinceMs: sinceMs })
  }

  #renew(standing: StoreStanding): void {
    const { log, meter } = this.#options
    if (standing.degraded.join() !== this.#standing.degraded.join())
      log.warn('store.standing', { degraded: standing.degraded })
    for (const why of WEAKNESSES)
      meter.set('vigil_store_degraded', standing.degraded.includes(why) ? 1 : 0, { why })
    this.#standing = standing
  }

  /** Every call to the server goes through here: it keeps the time and notices a connection that is dead. */
  async #within<T>(work: Promise<T>, budgetMs: number): Promise<T> {
    const heard = () => {
      this.#silentSinceMs = undefined
    }
    work.then(heard, (error) => unavailable(error).reason === 'refused' && heard())
    try {
      return await within(work, budgetMs)
    } catch (error) {
      const failure = unavailable(error)
      if (failure.reason === 'timeout') this.#noticeSilence()
      throw failure
    }
  }

  #noticeSilence(): void {
    const nowMs = this.#options.clock.monotonicMs()
    this.#silentSinceMs ??= nowMs
    if (nowMs - this.#silentSinceMs < SILENCE_MS) return
    this.#silentSinceMs = undefined
    this.#options.log.warn('store.connection-silent')
    this.#client.disconnect(true)
  }
}
