import type { Clock, Meter } from '../ports.ts'
import { ReadBatch } from './redis-batch.ts'
import type { ConnectionOptions } from './redis-connection.ts'
import { RedisNode } from './redis-node.ts'
import { WEAKNESSES } from './redis-standing.ts'
import { updateByCompareAndSet } from './redis-update.ts'
import type { Store, StoreCommand, StoreHealth, StoreStanding } from './store.ts'

export interface RedisStoreOptions extends ConnectionOptions {
  readonly clock: Clock
  readonly meter: Meter
  /** A random name; for epochs. */
  readonly newId: () => string
  /**
   * When this process began (epoch ms): uses from before count as unchecked, because they may stand in the store under
   * another root key. Absent: only those from before the first look at the primary do.
   */
  readonly startedAtMs?: number
  /** Longest wait of `update` and `health`, which are off the request path. */
  readonly commandTimeoutMs?: number
}

/** State shared by all replicas: one Redis (>= 7) or Valkey node. Connects in the background, never blocks the start. */
export function createRedisStore(options: RedisStoreOptions): Store {
  return new RedisStore(options)
}

class RedisStore implements Store {
  readonly kind = 'redis'
  readonly #options: RedisStoreOptions
  readonly #prefix: string
  readonly #timeoutMs: number
  readonly #node: RedisNode
  readonly #batch: ReadBatch
  #standing: StoreStanding

  constructor(options: RedisStoreOptions) {
    this.#options = options
    const { startedAtMs } = options
    this.#standing = { degraded: [], ...(startedAtMs === undefined ? {} : { primarySinceMs: startedAtMs }) }
    this.#prefix = options.settings.keyPrefix
    this.#timeoutMs = options.commandTimeoutMs ?? 1000
    this.#node = new RedisNode({
      ...options,
      commandTimeoutMs: this.#timeoutMs,
      epochKey: `${this.#prefix}e:{epoch}`,
      onStanding: () => this.#renew(this.#node.standing),
    })
    this.#batch = new ReadBatch(this.#node, this.#prefix)
  }

  get standing(): StoreStanding {
    return this.#standing
  }

  async read(commands: readonly StoreCommand[], budgetMs: number): Promise<readonly (string | null)[]> {
    if (commands.length === 0) return []
    // Down already: say so at once.
    this.#node.ready()
    return this.#node.within(this.#batch.read(commands), budgetMs)
  }

  async update(key: string, ttlMs: number, merge: (current: string | null) => string): Promise<void> {
    const updating = updateByCompareAndSet(this.#node.ready(), this.#prefix + key, ttlMs, merge)
    await this.#node.within(updating, this.#timeoutMs)
  }

  async health(): Promise<StoreHealth> {
    const { isReachable } = await this.#node.health()
    return { isReachable, ...this.#standing }
  }

  close(): Promise<void> {
    return this.#node.close()
  }

  #renew({ degraded, primarySinceMs }: StoreStanding): void {
    const { log, meter, startedAtMs } = this.#options
    if (degraded.join() !== this.#standing.degraded.join()) log.warn('store.standing', { degraded })
    for (const why of WEAKNESSES) meter.set('vigil_store_degraded', degraded.includes(why) ? 1 : 0, { why })
    const sinceMs = Math.max(primarySinceMs ?? 0, startedAtMs ?? 0)
    this.#standing = { degraded, primarySinceMs: sinceMs }
  }
}
