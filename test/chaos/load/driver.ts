/** The load: a process of its own, so that nothing else of the campaign makes it late. Orders and reports go by IPC. */
import { ANSWERS, type Book } from '../kinds.ts'
import { Connection, type Response } from './connection.ts'
import { type Client, nowMs, type Order, type Report } from './messages.ts'
import { Mix, type Ready } from './mix.ts'

const PATIENCE_MS = 10_000
const REPORT_MS = 100
/** More that wait at once, and the next are told as broken: there is an end to the ports of a machine. */
const MOST_CONNECTIONS = 6000

interface Waiting {
  readonly dueMs: number
  readonly connection: Connection
}

class Driver {
  readonly #clients: readonly Client[]
  readonly #idle: Connection[] = []
  readonly #waiting = new Set<Waiting>()
  #mix: Mix | undefined
  #samples: number[] = []
  #port = 0
  #isRunning = false
  #everyMs = 0

  constructor(clients: readonly Client[]) {
    this.#clients = clients
    setInterval(() => this.#report(), REPORT_MS)
  }

  learn(book: Book): void {
    this.#mix = new Mix(book, this.#clients)
  }

  /** Open loop: so many a second, whether answers come or not. */
  go(port: number, perSecond: number): void {
    this.#port = port
    this.#isRunning = true
    this.#everyMs = 1000 / perSecond
    let dueMs = nowMs()
    const look = () => {
      if (!this.#isRunning) return
      for (const now = nowMs(); dueMs <= now; dueMs += this.#everyMs) this.#send(dueMs)
      setTimeout(look, 1)
    }
    look()
  }

  rate(perSecond: number): void {
    this.#everyMs = 1000 / perSecond
  }

  flood(port: number, inFlight: number): void {
    this.#port = port
    this.#isRunning = true
    const again = () => {
      if (this.#isRunning) this.#send(nowMs(), again)
    }
    for (let i = 0; i < inFlight; i++) again()
  }

  halt(): void {
    this.#isRunning = false
    const wait = () => {
      if (this.#waiting.size > 0) return void setTimeout(wait, 10)
      for (const connection of this.#idle.splice(0)) connection.close()
      tell({ halted: true, samples: this.#taken() })
    }
    wait()
  }

  #send(dueMs: number, onEnd: () => void = () => undefined): void {
    const ready = this.#mix?.next()
    if (ready === undefined) return
    if (this.#waiting.size >= MOST_CONNECTIONS)
      return this.#note(dueMs, ready, { answer: 'broken', nonce: undefined })
    const connection = this.#connection()
    const waiting = { dueMs, connection }
    this.#waiting.add(waiting)
    connection.send(ready.text, (response) => {
      this.#waiting.delete(waiting)
      this.#note(dueMs, ready, response)
      // Not in the same call: a connection is free only after its answer was told.
      setImmediate(onEnd)
    })
  }

  #note(dueMs: number, { kind, onResponse }: Ready, response: Response): void {
    onResponse(response)
    this.#samples.push(dueMs, kind, ANSWERS.indexOf(response.answer), nowMs() - dueMs)
  }

  #connection(): Connection {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop())
      if (idle.isOpen) return idle
    return new Connection(this.#port, (connection) => this.#idle.push(connection))
  }

  #taken(): readonly number[] {
    const samples = this.#samples
    this.#samples = []
    return samples
  }

  #report(): void {
    const tooOldMs = nowMs() - PATIENCE_MS
    for (const { dueMs, connection } of this.#waiting) {
      if (dueMs > tooOldMs) break
      connection.close()
    }
    if (this.#isRunning && this.#samples.length > 0) tell({ samples: this.#taken() })
  }
}

const tell = (report: Report) => void process.send?.(report)

const driver = new Driver(JSON.parse(process.argv[2] ?? '[]') as Client[])
process.on('message', (order: Order) => {
  if (order.do === 'book') driver.learn(order.book)
  else if (order.do === 'go') driver.go(order.port, order.perSecond)
  else if (order.do === 'rate') driver.rate(order.perSecond)
  else if (order.do === 'flood') driver.flood(order.port, order.inFlight)
  else driver.halt()
})
process.on('disconnect', () => process.exit())
