import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { OnEnd, Outcome } from '../grpc/client.ts'
import type { LoadClient } from '../grpc/load.ts'
import { wholeResponse } from './response.ts'

interface Call {
  readonly data: Buffer
  readonly onEnd: OnEnd
}

/**
 * Keep-alive connections of HTTP/1.1, one request at a time on each. What finds all of them busy waits in line, in the order
 * in which it came. `node:http` as a client would cost as much as Envoy does and hide its speed.
 */
export class HttpPool implements LoadClient {
  readonly #idle: Connection[] = []
  readonly #all: Connection[]
  readonly #line: Call[] = []
  #next = 0

  private constructor(sockets: readonly Socket[]) {
    this.#all = sockets.map((socket) => new Connection(socket, (connection) => this.#free(connection)))
    this.#idle.push(...this.#all)
  }

  static async open(address: string, connections: number): Promise<HttpPool> {
    const [host = '', port] = address.split(':')
    const sockets = Array.from({ length: connections }, () => connect({ host, port: Number(port) }))
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    return new HttpPool(sockets)
  }

  call(data: Buffer, onEnd: OnEnd): void {
    const connection = this.#idle.pop()
    if (connection === undefined) this.#line.push({ data, onEnd })
    else connection.send(data, onEnd)
  }

  /** Nothing is held back. */
  flush(): void {
    this.#drain()
  }

  close(): void {
    for (const connection of this.#all) connection.close()
  }

  #free(connection: Connection): void {
    this.#idle.push(connection)
    this.#drain()
  }

  #drain(): void {
    while (this.#next < this.#line.length && this.#idle.length > 0) {
      const { data, onEnd } = this.#line[this.#next++] as Call
      this.#idle.pop()?.send(data, onEnd)
    }
    if (this.#next === this.#line.length) {
      this.#line.length = 0
      this.#next = 0
    }
  }
}

class Connection {
  readonly #socket: Socket
  readonly #onFree: (connection: Connection) => void
  #onEnd: OnEnd | undefined
  #rest: Buffer | undefined
  #isClosed = false

  constructor(socket: Socket, onFree: (connection: Connection) => void) {
    this.#socket = socket
    this.#onFree = onFree
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('error', () => this.#fail())
    socket.on('close', () => this.#fail())
  }

  send(data: Buffer, onEnd: OnEnd): void {
    if (this.#isClosed) return onEnd('failed')
    this.#onEnd = onEnd
    this.#socket.write(data)
  }

  close(): void {
    this.#isClosed = true
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    const response = wholeResponse(bytes)
    if (response === undefined) {
      this.#rest = bytes
      return
    }
    this.#rest = undefined
    this.#end(outcomeOf(response.status))
  }

  #end(outcome: Outcome): void {
    const onEnd = this.#onEnd
    this.#onEnd = undefined
    onEnd?.(outcome)
    this.#onFree(this)
  }

  #fail(): void {
    this.#isClosed = true
    if (this.#onEnd !== undefined) this.#end('failed')
  }
}

/** 200 is the application's; 4xx is a refusal, and everything else is nobody's decision. */
export function outcomeOf(status: number): Outcome {
  if (status === 200) return 'passed'
  return status >= 400 && status < 500 ? 'refused' : 'failed'
}
