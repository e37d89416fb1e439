import { ClusterServers } from './redis-cluster.ts'
import type { Servers, ServersOptions } from './redis-servers.ts'
import { SingleServer } from './redis-single.ts'
import { WEAKNESSES } from './redis-standing.ts'
import type { Store, StoreCommand, StoreHealth, StoreStanding } from './store.ts'

export interface RedisStoreOptions extends Omit<ServersOptions, 'commandTimeoutMs' | 'onStanding'> {
  /**
   * When this process began (epoch ms): uses from before count as unchecked, because they may stand in the store under
   * another root key. Absent: only those from before the first look at the servers do.
   */
  readonly startedAtMs?: number
  /** Longest wait of `update` and `health`, which are off the request path. */
  readonly commandTimeoutMs?: number
}

/** State shared by all replicas: Redis (>= 7) or Valkey. Connects in the background, never blocks the start. */
export function createRedisStore(options: RedisStoreOptions): Store {
  return new RedisStore(options)
}

class RedisStore implements Store {
  readonly kind = 'redis'
  readonly #options: RedisStoreOptions
  readonly #servers: Servers
  #standing: StoreStanding

  constructor(options: RedisStoreOptions) {
    this.#options = options
    const { startedAtMs, settings } = options
    this.#standing = { degraded: [], ...(startedAtMs === undefined ? {} : { primarySinceMs: startedAtMs }) }
    const all: ServersOptions = {
      ...options,
      commandTimeoutMs: options.commandTimeoutMs ?? 1000,
      onStanding: () => this.#renew(this.#servers.standing),
    }
    this.#servers = settings.cluster === undefined ? new SingleServer(all) : new ClusterServers(all)
  }

  get standing(): StoreStanding {
    return this.#standing
  }

  async read(commands: readonly StoreCommand[], budgetMs: number): Promise<readonly (string | null)[]> {
    return commands.length === 0 ? [] : this.#servers.read(commands, budgetMs)
  }

  update(key: string, ttlMs: number, merge: (current: string | null) => string): Promise<void> {
    return this.#servers.update(key, ttlMs, merge)
  }

  async health(): Promise<StoreHealth> {
    const isReachable = await this.#servers.isReachable()
    return { isReachable, ...this.#standing }
  }

  close(): Promise<void> {
    return this.#servers.close()
  }

  #renew({ degraded, primarySinceMs = 0 }: StoreStanding): void {
    const { log, meter } = this.#options
    if (degraded.join() !== this.#standing.degraded.join()) log.warn('store.standing', { degraded })
    for (const why of WEAKNESSES) meter.set('vigil_store_degraded', degraded.includes(why) ? 1 : 0, { why })
    // A server that has left the cluster has taken with it what it knew.
    const sinceMs = Math.max(primarySinceMs, this.#standing.primarySinceMs ?? 0)
    this.#standing = { degraded, primarySinceMs: sinceMs }
  }
}
