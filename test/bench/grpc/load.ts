import { quantile } from '../stats.ts'
import { CheckClient, type OnEnd, type Outcome } from './client.ts'
import { nowMs, tick } from './ticker.ts'

export interface LoadPlan {
  readonly address: string
  readonly seconds: number
  /** `closed`: so many in flight, the next goes when an answer comes. `open`: so many a second, whether answers come or not. */
  readonly kind: 'closed' | 'open'
  readonly count: number
}

/** Latencies in microseconds: in the closed loop from sending, in the open loop from the moment sending was due. */
export interface LoadResult {
  readonly sent: number
  readonly passed: number
  readonly refused: number
  readonly failed: number
  readonly perSecond: number
  /** From the first call to the last answer. */
  readonly tookMs: number
  readonly p50Us: number
  readonly p99Us: number
  readonly p999Us: number
  readonly maxUs: number
  /** Open loop: how late the driver itself sent, which is in every latency of that loop, too. */
  readonly lateP50Us: number
  readonly lateP99Us: number
  /** Open loop: what was not answered when the last call was sent. It grows with the load's length when the server is too slow. */
  readonly backlog: number
  /** CPU time of the driver as a share of one core: near one, it is the driver that was measured. */
  readonly driverShare: number
}

/** As Envoy with two workers. */
const CONNECTIONS = 2
/** The first part of a closed loop fills pipes and caches. */
const WARM_SHARE = 0.1
/** Nothing may wait longer than this at the end of a load. */
const PATIENCE_MS = 20_000

/** The next DATA frame to send; undefined when there is none left. */
export type Supply = () => Buffer | undefined

/** What a load is sent with: a connection, or several that share what is due. */
export interface LoadClient {
  call(data: Buffer, onEnd: OnEnd): void
  /** Sends what `call` has only noted. */
  flush(): void
  close(): void
}

const openChecks = (address: string): Promise<LoadClient[]> =>
  Promise.all(Array.from({ length: CONNECTIONS }, () => CheckClient.open(address)))

/** One load on one address. @throws when answers stop coming. */
export async function load(plan: LoadPlan, next: Supply, open = openChecks): Promise<LoadResult> {
  const clients = await open(plan.address)
  const run = new Run(clients, next)
  try {
    return await (plan.kind === 'closed' ? run.closed(plan) : run.open(plan))
  } finally {
    for (const client of clients) client.close()
  }
}

class Run {
  readonly #clients: readonly LoadClient[]
  readonly #next: Supply
  readonly #counts: Record<Outcome, number> = { passed: 0, refused: 0, failed: 0 }
  readonly #latenciesMs: number[] = []
  readonly #latesMs: number[] = []
  readonly #startMs = performance.now()
  readonly #cpuBefore = process.cpuUsage()
  #sent = 0
  #inFlight = 0
  #backlog = 0
  #onIdle: () => void = () => undefined

  constructor(clients: readonly LoadClient[], next: Supply) {
    this.#clients = clients
    this.#next = next
  }

  async closed({ seconds, count }: LoadPlan): Promise<LoadResult> {
    const startMs = this.#startMs
    const fromMs = startMs + seconds * 1000 * WARM_SHARE
    const untilMs = startMs + seconds * 1000
    let measured = 0
    let lastMs = startMs
    const again = (client: LoadClient) => {
      const sentMs = performance.now()
      if (sentMs >= untilMs) return
      this.#call(client, () => {
        lastMs = performance.now()
        if (sentMs >= fromMs) {
          measured++
          this.#latenciesMs.push(lastMs - sentMs)
        }
        again(client)
      })
    }
    for (let i = 0; i < count; i++) again(this.#clients[i % this.#clients.length] as LoadClient)
    this.#flush()
    await this.#settled(untilMs)
    // A machine so busy that nothing began after the first part: then all of it counts.
    if (measured === 0) return this.#result(this.#sent / ((lastMs - startMs) / 1000))
    return this.#result(measured / ((lastMs - fromMs) / 1000))
  }

  async open({ seconds, count }: LoadPlan): Promise<LoadResult> {
    let turn = 0
    await tick(1000 / count, Math.round(seconds * count), (dueMs) => {
      const client = this.#clients[turn++ % this.#clients.length] as LoadClient
      this.#latesMs.push(nowMs() - dueMs)
      this.#call(client, () => this.#latenciesMs.push(nowMs() - dueMs))
      client.flush()
      this.#backlog = this.#inFlight
    })
    await this.#settled(performance.now())
    return this.#result(count)
  }

  #call(client: LoadClient, onEnd: () => void): void {
    const data = this.#next()
    if (data === undefined) return
    this.#sent++
    this.#inFlight++
    client.call(data, (outcome) => {
      this.#inFlight--
      this.#counts[outcome]++
      onEnd()
      if (this.#inFlight === 0) this.#onIdle()
    })
  }

  #flush(): void {
    for (const client of this.#clients) client.flush()
  }

  /** Resolves when everything that was sent is answered. */
  #settled(untilMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const waitMs = Math.max(0, untilMs - performance.now()) + PATIENCE_MS
      const timer = setTimeout(() => reject(new Error(`${this.#inFlight} calls were never answered`)), waitMs)
      this.#onIdle = () => {
        clearTimeout(timer)
        resolve()
      }
      if (this.#inFlight === 0) this.#onIdle()
    })
  }

  #result(perSecond: number): LoadResult {
    const { user, system } = process.cpuUsage(this.#cpuBefore)
    const tookMs = performance.now() - this.#startMs
    const at = (q: number) => Math.round(1000 * quantile(this.#latenciesMs, q))
    const lateAt = (q: number) => Math.round(1000 * quantile(this.#latesMs, q)) || 0
    return {
      sent: this.#sent,
      ...this.#counts,
      perSecond: Math.round(perSecond),
      tookMs,
      p50Us: at(0.5),
      p99Us: at(0.99),
      p999Us: at(0.999),
      maxUs: at(1),
      lateP50Us: lateAt(0.5),
      lateP99Us: lateAt(0.99),
      backlog: this.#backlog,
      driverShare: (user + system) / 1000 / tookMs,
    }
  }
}
