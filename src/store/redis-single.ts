import { ReadBatch } from './redis-batch.ts'
import { type NodeOptions, RedisNode } from './redis-node.ts'
import type { Servers, ServersOptions } from './redis-servers.ts'
import { UpdateBatch } from './redis-update-batch.ts'
import type { StoreCommand, StoreStanding } from './store.ts'

/** One primary, at a place of its own or where Sentinels say that it is. */
export class SingleServer implements Servers {
  readonly #prefix: string
  readonly #node: RedisNode
  readonly #reads: ReadBatch
  readonly #updates: UpdateBatch

  constructor(options: ServersOptions) {
    this.#prefix = options.settings.keyPrefix
    const node: NodeOptions = { ...options, epochKey: `${this.#prefix}e:{epoch}` }
    this.#node = new RedisNode(node)
    this.#reads = new ReadBatch(this.#node, this.#prefix)
    this.#updates = new UpdateBatch(this.#node, options.commandTimeoutMs)
  }

  get standing(): StoreStanding {
    return this.#node.standing
  }

  read(commands: readonly StoreCommand[], budgetMs: number): Promise<readonly (string | null)[]> {
    return this.#reads.read(commands, budgetMs)
  }

  update(key: string, ttlMs: number, merge: (current: string | null) => string): Promise<void> {
    return this.#updates.update(this.#prefix + key, ttlMs, merge)
  }

  isReachable(): Promise<boolean> {
    return this.#node.health()
  }

  close(): Promise<void> {
    return this.#node.close()
  }
}
