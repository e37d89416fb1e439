import type { Redis } from 'ioredis'
import type { Clock, Meter } from '../ports.ts'
import { within } from './budget.ts'
import { BEAT_MS, EPOCH_TTL_MS, type EpochVerdict, EpochWatch } from './epoch.ts'
import { type ConnectionOptions, connect } from './redis-connection.ts'
import { unavailable } from './redis-failure.ts'
import { listenForSwitch } from './redis-sentinels.ts'
import { examine, type Primary } from './redis-standing.ts'
import { updateByCompareAndSet } from './redis-update.ts'
import { type StoreHealth, type StoreStanding, StoreUnavailable } from './store.ts'

export interface NodeOptions extends ConnectionOptions {
  readonly clock: Clock
  readonly meter: Meter
  /** A random name; for epochs. */
  readonly newId: () => string
  /** Longest wait of what is off the request path. */
  readonly commandTimeoutMs: number
  /** With the prefix of all keys. */
  readonly epochKey: string
  readonly onStanding: () => void
}

/** Longest wait for the connection to close. */
const CLOSE_MS = 200

/** With nothing but timeouts for this long, the connection is taken for dead and made anew. */
const SILENCE_MS = 1000

/** One server: the connection to it, and how far its memory can be relied on. */
export class RedisNode {
  readonly #options: NodeOptions
  readonly #client: Redis
  readonly #epoch = new EpochWatch()
  readonly #beating: NodeJS.Timeout
  readonly #stopListening: () => void
  #primary: Primary | undefined
  #standing: StoreStanding = { degraded: [] }
  #silentSinceMs: number | undefined

  constructor(options: NodeOptions) {
    this.#options = options
    // INFO goes out first on every connection, so no reply of a new primary is read before it is known as new.
    this.#client = connect(options, () => void this.health())
    this.#beating = setInterval(() => void this.#beat(), BEAT_MS)
    this.#beating.unref()
    const { settings, secrets } = options
    this.#stopListening =
      settings.sentinel === undefined
        ? () => undefined
        : listenForSwitch(settings.sentinel, secrets, () => this.#reconnect('store.primary-switched'))
  }

  get standing(): StoreStanding {
    return this.#standing
  }

  get epochKey(): string {
    return this.#options.epochKey
  }

  /** @throws StoreUnavailable when it is down */
  ready(): Redis {
    if (this.#client.status !== 'ready') throw new StoreUnavailable('unreachable')
    return this.#client
  }

  /** Before the epoch key is asked for; the number goes with the reply to `seeEpoch`. */
  askEpoch(): number {
    return this.#epoch.ask()
  }

  /** To be told before anybody acts on what came with it. */
  seeEpoch(text: string | null, asked: number): void {
    // The other processes are to know it at once, too.
    if (this.#judge(text, asked) === 'lost') void this.#beat()
  }

  /** Every call to the server goes through here: it keeps the time and notices a connection that is dead. */
  async within<T>(work: Promise<T>, budgetMs: number): Promise<T> {
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

  /** Asks what kind of server it is, and for its epoch. Never rejects. */
  async health(): Promise<StoreHealth> {
    let isReachable = true
    try {
      this.#learn(await this.within(this.ready().info(), this.#options.commandTimeoutMs))
      await this.#beat()
    } catch (error) {
      const { reason } = unavailable(error)
      this.#options.meter.add('vigil_store_errors_total', 1, { call: 'health', reason })
      isReachable = reason === 'refused'
      if (isReachable) this.#renew({ ...this.#standing, degraded: ['unknown'] })
    }
    return { isReachable, ...this.#standing }
  }

  async close(): Promise<void> {
    clearInterval(this.#beating)
    this.#stopListening()
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

  #learn(info: string): void {
    const before = this.#primary
    const { primary, degraded } = examine(info, before)
    this.#primary = primary
    this.#renew({ ...this.#standing, degraded })
    if (primary === before) return
    this.#loseBefore(this.#options.clock.nowMs())
    if (before !== undefined) this.#tellLoss('primary')
  }

  /**
   * Looks at the epoch and counts it up, in one step: of those who find a memory that has gone back, the first writes a new
   * epoch, and nobody can count the old one up to where it was.
   */
  async #beat(): Promise<void> {
    // A replica would refuse, and that makes a new connection.
    if (this.#client.status !== 'ready' || this.#standing.degraded.includes('replica')) return
    const { epochKey, commandTimeoutMs, meter, newId } = this.#options
    let asked = this.askEpoch()
    let written = ''
    const beat = updateByCompareAndSet(this.#client, epochKey, EPOCH_TTL_MS, (current) => {
      this.#judge(current, asked)
      asked = this.askEpoch()
      written = this.#epoch.next(newId())
      return written
    })
    try {
      await this.within(beat, commandTimeoutMs)
      this.#epoch.wrote(written, asked)
    } catch (error) {
      meter.add('vigil_store_errors_total', 1, { call: 'epoch', reason: unavailable(error).reason })
    }
  }

  #judge(text: string | null, asked: number): EpochVerdict {
    const verdict = this.#epoch.see(text, asked)
    if (verdict !== 'same') this.#loseBefore(this.#options.clock.nowMs())
    if (verdict === 'lost') this.#tellLoss('memory')
    return verdict
  }

  #tellLoss(why: 'memory' | 'primary'): void {
    this.#options.log.warn('store.loss', { why })
    this.#options.meter.add('vigil_store_losses_total', 1, { why })
  }

  #loseBefore(nowMs: number): void {
    this.#renew({ ...this.#standing, primarySinceMs: nowMs })
  }

  #renew(standing: StoreStanding): void {
    this.#standing = standing
    this.#options.onStanding()
  }

  #noticeSilence(): void {
    const nowMs = this.#options.clock.monotonicMs()
    this.#silentSinceMs ??= nowMs
    if (nowMs - this.#silentSinceMs < SILENCE_MS) return
    this.#silentSinceMs = undefined
    this.#reconnect('store.connection-silent')
  }

  #reconnect(event: string): void {
    // One that is being made has a time of its own.
    if (this.#client.status !== 'ready') return
    this.#options.log.warn(event)
    this.#client.disconnect(true)
  }
}
