import type { Redis } from 'ioredis'
import type { Clock, Meter } from '../ports.ts'
import { within } from './budget.ts'
import { BEAT_MS, EPOCH_TTL_MS, type EpochVerdict, EpochWatch } from './epoch.ts'
import { type ConnectionOptions, connect } from './redis-connection.ts'
import { unavailable } from './redis-failure.ts'
import { listenForSwitch } from './redis-sentinels.ts'
import { examine, type Primary } from './redis-standing.ts'
import { updateByCompareAndSet } from './redis-update.ts'
import { type StoreStanding, StoreUnavailable } from './store.ts'

export interface NodeOptions extends ConnectionOptions {
  readonly clock: Clock
  readonly meter: Meter
  /** A random name; for epochs. */
  readonly newId: () => string
  /** Longest wait of what is off the request path. */
  readonly commandTimeoutMs: number
  /** With the prefix of all keys; absent: not known yet. */
  readonly epochKey?: string
  readonly onStanding: () => void
  readonly onReady?: () => void
}

/** The question for the epoch that goes out behind claims. */
export interface EpochQuestion {
  readonly key: string
  /** To be told what stood there, before anybody relies on the claims. */
  see(text: string | null): void
}

/** Longest wait for the connection to close. */
const CLOSE_MS = 200

/** With nothing but timeouts for this long, the connection is taken for dead and made anew. */
const SILENCE_MS = 1000

/** One server: the connection to it, and how far its memory can be relied on. */
export class RedisNode {
  readonly #options: NodeOptions
  readonly #client: Redis
  #epochKey: string | undefined
  #epoch = new EpochWatch()
  readonly #beating: NodeJS.Timeout
  readonly #stopListening: () => void
  #primary: Primary | undefined
  #standing: StoreStanding = { degraded: [] }
  #silentSinceMs: number | undefined

  constructor(options: NodeOptions) {
    this.#options = options
    this.#epochKey = options.epochKey
    // INFO goes out first on every connection, so no reply of a new primary is read before it is known as new.
    this.#client = connect(options, () => {
      void this.health()
      options.onReady?.()
    })
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

  get host(): string {
    return (this.#options.at ?? this.#options.settings).host
  }

  get isReady(): boolean {
    return this.#client.status === 'ready'
  }

  /** From now on it is this key that tells; one of which nothing is known yet, unless it is the same. */
  watchEpoch(key: string): void {
    if (key === this.#epochKey) return
    this.#epochKey = key
    this.#epoch = new EpochWatch()
    void this.#beat()
  }

  /** @throws StoreUnavailable when it is down */
  ready(): Redis {
    if (!this.isReady) throw new StoreUnavailable('unreachable')
    return this.#client
  }

  /** To be called when claims go out; absent: there is no such key yet. */
  askEpoch(): EpochQuestion | undefined {
    const [key, epoch] = [this.#epochKey, this.#epoch]
    if (key === undefined) return undefined
    const asked = epoch.ask()
    return {
      key,
      see: (text) => {
        // The other processes are to know it at once, too.
        if (this.#judge(epoch, text, asked) === 'lost') void this.#beat()
      },
    }
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

  /** Asks what kind of server it is, and for its epoch; tells whether it has answered. Never rejects. */
  async health(): Promise<boolean> {
    try {
      this.#learn(await this.within(this.ready().info(), this.#options.commandTimeoutMs))
      await this.#beat()
      return true
    } catch (error) {
      const { reason } = unavailable(error)
      this.#options.meter.add('vigil_store_errors_total', 1, { call: 'health', reason })
      if (reason !== 'refused') return false
      this.#renew({ ...this.#standing, degraded: ['unknown'] })
      return true
    }
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
    if (!this.isReady || this.#standing.degraded.includes('replica')) return
    const [epochKey, epoch] = [this.#epochKey, this.#epoch]
    if (epochKey === undefined) return
    const { commandTimeoutMs, meter, newId } = this.#options
    let asked = epoch.ask()
    let written = ''
    const beat = updateByCompareAndSet(this.#client, epochKey, EPOCH_TTL_MS, (current) => {
      this.#judge(epoch, current, asked)
      asked = epoch.ask()
      written = epoch.next(newId())
      return written
    })
    try {
      await this.within(beat, commandTimeoutMs)
      epoch.wrote(written, asked)
    } catch (error) {
      meter.add('vigil_store_errors_total', 1, { call: 'epoch', reason: unavailable(error).reason })
    }
  }

  #judge(epoch: EpochWatch, text: string | null, asked: number): EpochVerdict {
    const verdict = epoch.see(text, asked)
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
    if (!this.isReady) return
    this.#options.log.warn(event)
    this.#client.disconnect(true)
  }
}
