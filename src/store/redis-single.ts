import { ReadBatch } from './redis-batch.ts'
import { type NodeOptions, RedisNode } from './redis-node.ts'
import type { Servers, ServersOptions } from './redis-servers.ts'
import { updateByCompareAndSet } from './redis-update.ts'
import type { StoreCommand, StoreStanding } from './store.ts'

/** One primary, at a place of its own or where Sentinels say that it is. */
export class SingleServer implements Servers {
  readonly #prefix: string
  readonly #timeoutMs: number
  readonly #node: RedisNode
  readonly #batch: ReadBatch

  constructor(options: ServersOptions) {
    this.#prefix = options.settings.keyPrefix
    this.#timeoutMs = options.commandTimeoutMs
    const node: NodeOptions = { ...options, epochKey: `${this.#prefix}e:{epoch}` }
    this.#node = new RedisNode(node)
    this.#batch = new ReadBatch(this.#node, this.#prefix)
  }

  get standing(): StoreStanding {
    return this.#node.standing
  }

  async read(commands: readonly StoreCommand[], budgetMs: number): Promise<readonly (string | null)[]> {
    // Down already: say so at once.
    this.#node.ready()
    return this.#node.within(this.#batch.read(commands), budgetMs)
  }

  async update(key: string, ttlMs: number, merge: (current: string | null) => string): Promise<void> {
    const updating = updateByCompareAndSet(this.#node.ready(), this.#prefix + key, ttlMs, merge)
    await this.#node.within(updating, this.#timeoutMs)
  }

  isReachable(): Promise<boolean> {
    return this.#node.health()
  }

  close(): Promise<void> {
    return this.#node.close()
  }
}
