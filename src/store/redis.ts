import type { ChainableCommander, Redis } from 'ioredis'
import type { Clock, Meter } from '../ports.ts'
import { within } from './budget.ts'
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
  #primary: Primary | undefined
  #standing: StoreStanding = { degraded: [] }
  #silentSinceMs: number | undefined

  constructor(options: RedisStoreOptions) {
    this.#options = options
    this.#prefix = options.settings.keyPrefix
    this.#timeoutMs = options.commandTimeoutMs ?? 1000
    // INFO goes out first on every connection, so no reply of a new primary is read before it is known as new.
    this.#client = connect(options, () => void this.health())
  }

  get standing(): StoreStanding {
    return this.#standing
  }

  async read(commands: readonly StoreCommand[], budgetMs: number): Promise<readonly (string | null)[]> {
    if (commands.length === 0) return []
    const pipeline = this.#ready().pipeline()
    for (const command of commands) append(pipeline, command, this.#prefix + command.key)
    const replies = await this.#within(pipeline.exec(), budgetMs)
    return answers(commands, replies ?? [])
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
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    this.#client.once('end', end)
    // While it waits to reconnect there is nothing to end, and ioredis says nothing. This timer keeps the process alive:
    // there may be nothing else left that does, and a process that ends while it drains has not drained.
    const timer = setTimeout(end, CLOSE_MS)
    this.#client.disconnect()
    await ended
    clearTimeout(timer)
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
    this.#renew(standing)
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

function append(pipeline: ChainableCommander, command: StoreCommand, key: string): void {
  if (command.op === 'get') pipeline.get(key)
  else if (command.op === 'claim') pipeline.set(key, command.value, 'PX', command.ttlMs, 'NX', 'GET')
  else pipeline.set(key, 0, 'PX', command.ttlMs, 'NX').incr(key)
}

/** @throws the first error reply: a check that was half answered is not answered */
function answers(
  commands: readonly StoreCommand[],
  replies: readonly (readonly [error: Error | null, result: unknown])[],
): (string | null)[] {
  let at = 0
  return commands.map((command) => {
    // A count is two commands, and its sum is the reply of the second.
    if (command.op === 'count') textOf(replies[at++])
    return textOf(replies[at++])
  })
}

function textOf(reply: readonly [Error | null, unknown] | undefined): string | null {
  if (reply === undefined) throw new StoreUnavailable('unreachable')
  const [error, result] = reply
  if (error !== null) throw unavailable(error)
  return result === null || result === undefined ? null : String(result)
}
