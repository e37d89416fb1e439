import { within } from './budget.ts'
import { ClusterBatch } from './redis-cluster-batch.ts'
import { ClusterNodes } from './redis-cluster-nodes.ts'
import { unavailable } from './redis-failure.ts'
import type { RedisNode } from './redis-node.ts'
import type { Servers, ServersOptions } from './redis-servers.ts'
import { asking, updateByCompareAndSet } from './redis-update.ts'
import { redirectionOf, slotOf } from './slots.ts'
import type { StoreCommand, StoreStanding } from './store.ts'

/** The primaries of a Redis Cluster. Replicas are never asked. */
export class ClusterServers implements Servers {
  readonly #prefix: string
  readonly #timeoutMs: number
  readonly #nodes: ClusterNodes
  readonly #batch: ClusterBatch

  constructor(options: ServersOptions) {
    this.#prefix = options.settings.keyPrefix
    this.#timeoutMs = options.commandTimeoutMs
    this.#nodes = new ClusterNodes(options)
    this.#batch = new ClusterBatch(this.#nodes, this.#prefix)
  }

  get standing(): StoreStanding {
    return this.#nodes.standing
  }

  read(commands: readonly StoreCommand[], budgetMs: number): Promise<readonly (string | null)[]> {
    return within(this.#batch.read(commands), budgetMs)
  }

  async update(key: string, ttlMs: number, merge: (current: string | null) => string): Promise<void> {
    const updating = this.#update(this.#prefix + key, ttlMs, merge)
    try {
      await within(updating, this.#timeoutMs)
    } catch (error) {
      throw unavailable(error)
    }
  }

  /** What a moved slot refuses has not run: it is begun anew where it is now, once. */
  async #update(key: string, ttlMs: number, merge: (current: string | null) => string): Promise<void> {
    const node = this.#nodes.of(slotOf(key))
    try {
      await updateByCompareAndSet(node.ready(), key, ttlMs, merge)
    } catch (error) {
      const to = redirectionOf(error)
      if (to?.address === undefined) throw error
      if (to.kind === 'moved') this.#nodes.refresh()
      const target: RedisNode = this.#nodes.at(to.address)
      const client = to.kind === 'ask' ? asking(target.ready()) : target.ready()
      await updateByCompareAndSet(client, key, ttlMs, merge)
    }
  }

  isReachable(): Promise<boolean> {
    return this.#nodes.isReachable()
  }

  close(): Promise<void> {
    return this.#nodes.close()
  }
}
