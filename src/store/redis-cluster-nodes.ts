import { unavailable } from './redis-failure.ts'
import { RedisNode } from './redis-node.ts'
import { placesOf } from './redis-sentinels.ts'
import type { ServersOptions } from './redis-servers.ts'
import { addressOf, type Shard, SLOTS, shardsOf, tagOf } from './slots.ts'
import { type StoreStanding, StoreUnavailable } from './store.ts'

/** How often the cluster is looked at while a part of it is missing. */
const REPAIR_MS = 500

/** Which server has which slot, and a connection to each primary. */
export class ClusterNodes {
  readonly #options: ServersOptions
  readonly #nodes = new Map<string, RedisNode>()
  #primaries: ReadonlySet<RedisNode> = new Set()
  #owners: readonly (RedisNode | undefined)[] = []
  readonly #epochSlots = new WeakMap<RedisNode, number>()
  #refreshing: Promise<void> | undefined
  #isAskedAgain = false
  #turn = 0
  #lastError: string | undefined
  #isClosed = false
  readonly #repairing: NodeJS.Timeout

  constructor(options: ServersOptions) {
    this.#options = options
    this.#connectSeeds()
    this.#repairing = setInterval(() => {
      if (!this.#isWhole()) this.refresh()
    }, REPAIR_MS)
    this.#repairing.unref()
  }

  /** @throws StoreUnavailable while nobody is known to have the slot */
  of(slot: number): RedisNode {
    const node = this.#owners[slot]
    if (node === undefined) throw new StoreUnavailable('unreachable')
    return node
  }

  /** @throws StoreUnavailable when it is not one of the primaries, as far as is known */
  at(address: string): RedisNode {
    const node = this.#nodes.get(address)
    if (node === undefined) throw new StoreUnavailable('unreachable')
    return node
  }

  /** Of all slots the worst: who has moved from one to another is not followed. */
  get standing(): StoreStanding {
    const all = [...this.#primaries].map(({ standing }) => standing)
    return {
      degraded: [...new Set(all.flatMap(({ degraded }) => degraded))].sort(),
      primarySinceMs: Math.max(0, ...all.map(({ primarySinceMs = 0 }) => primarySinceMs)),
    }
  }

  async isReachable(): Promise<boolean> {
    this.refresh()
    await this.#refreshing
    const reached = await Promise.all([...this.#primaries].map((node) => node.health()))
    return this.#isComplete() && reached.every((isReachable) => isReachable)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#repairing)
    await Promise.all([...this.#nodes.values()].map((node) => node.close()))
  }

  /** Looks again at who has what; at most once at a time, and once more if that was asked for meanwhile. */
  refresh(): void {
    if (this.#refreshing !== undefined) {
      this.#isAskedAgain = true
      return
    }
    this.#refreshing = this.#refresh().finally(() => {
      this.#refreshing = undefined
      if (!this.#isAskedAgain) return
      this.#isAskedAgain = false
      this.refresh()
    })
  }

  async #refresh(): Promise<void> {
    const ready = [...this.#nodes.values()].filter((node) => node.isReady)
    // Another one each time: a server that was cut off still tells what it knew.
    const node = ready[this.#turn++ % ready.length]
    if (this.#isClosed) return
    if (node === undefined) return this.#connectSeeds()
    try {
      const reply = await node.within(node.ready().cluster('SLOTS'), this.#options.commandTimeoutMs)
      this.#lastError = undefined
      this.#adopt(shardsOf(reply, node.host))
    } catch (error) {
      // `refused`: it is no cluster, or the user may not ask.
      const { reason } = unavailable(error)
      if (reason !== this.#lastError) this.#options.log.warn('store.cluster-unknown', { reason })
      this.#lastError = reason
    }
  }

  /** When nobody is there, all may have other addresses: back to the names of the settings. */
  #connectSeeds(): void {
    for (const { host, port } of placesOf(this.#options.settings.cluster?.nodes ?? []))
      this.#connected(host, port)
  }

  #adopt(shards: readonly Shard[]): void {
    // Without any, that server has not joined the cluster yet, or has left it.
    if (this.#isClosed || shards.length === 0) return
    const owners: (RedisNode | undefined)[] = new Array(SLOTS).fill(undefined)
    const primaries = new Set<RedisNode>()
    for (const { host, port, ranges } of shards) {
      const node = this.#connected(host, port)
      primaries.add(node)
      for (const [first, last] of ranges) owners.fill(node, first, last + 1)
      node.watchEpoch(this.#epochKey(node, ranges))
    }
    this.#owners = owners
    this.#primaries = primaries
    for (const [address, node] of this.#nodes) {
      if (primaries.has(node)) continue
      this.#nodes.delete(address)
      void node.close()
    }
    this.#options.onStanding()
  }

  /** One key on each primary, in its first slot, for as long as it has that: with another there is nothing to compare. */
  #epochKey(node: RedisNode, ranges: Shard['ranges']): string {
    const known = this.#epochSlots.get(node) ?? -1
    const isThere = ranges.some(([first, last]) => first <= known && known <= last)
    const slot = isThere ? known : Math.min(...ranges.map(([first]) => first))
    this.#epochSlots.set(node, slot)
    return `${this.#options.settings.keyPrefix}e:{${tagOf(slot)}}`
  }

  #connected(host: string, port: number): RedisNode {
    const address = addressOf(host, port)
    let node = this.#nodes.get(address)
    if (node === undefined) {
      const onStanding = () => this.#options.onStanding()
      const onReady = () => this.refresh()
      node = new RedisNode({ ...this.#options, at: { host, port }, onStanding, onReady })
      this.#nodes.set(address, node)
    }
    return node
  }

  #isComplete(): boolean {
    return this.#owners.length === SLOTS && !this.#owners.includes(undefined)
  }

  #isWhole(): boolean {
    return this.#isComplete() && [...this.#primaries].every((node) => node.isReady)
  }
}
