import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import {
  DEFAULT_WINDOW,
  FLAG,
  FRAME,
  frame,
  greeting,
  HEAD_BYTES,
  headerBlocks,
  INITIAL_WINDOW_SETTING,
  isPass,
} from './frames.ts'

export type Outcome = 'passed' | 'refused' | 'failed'
export type OnEnd = (outcome: Outcome) => void

interface Call {
  outcome: Outcome
  readonly onEnd: OnEnd
}

/** Frames of a message, of which those before `at` have gone. */
interface Waiting {
  readonly stream: number
  readonly data: Buffer
  at: number
}

/**
 * One HTTP/2 connection that makes unary Check calls out of ready-made DATA frames. node:http2 as a client would cost
 * as much as the server under test and hide its speed; this takes a few microseconds a call.
 */
export class CheckClient {
  readonly #socket: Socket
  readonly #blocks: ReturnType<typeof headerBlocks>
  readonly #calls = new Map<number, Call>()
  #out: Buffer[] = []
  #waiting: Waiting[] = []
  #window = DEFAULT_WINDOW
  #nextStream = 1
  #rest: Buffer = Buffer.alloc(0)

  private constructor(socket: Socket, authority: string) {
    this.#socket = socket
    this.#blocks = headerBlocks(authority)
    socket.setNoDelay(true)
    socket.write(greeting())
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('error', () => this.#failAll())
    socket.on('close', () => this.#failAll())
  }

  static async open(address: string): Promise<CheckClient> {
    const [host = '', port] = address.split(':')
    const socket = connect({ host, port: Number(port) })
    await once(socket, 'connect')
    return new CheckClient(socket, address)
  }

  /** @param data a `dataFrame`, however many frames it takes; sent with `flush`, or with the next answer that comes in. */
  call(data: Buffer, onEnd: OnEnd): void {
    const stream = this.#nextStream
    this.#nextStream += 2
    this.#calls.set(stream, { outcome: 'failed', onEnd })
    const block = stream === 1 ? this.#blocks.first : this.#blocks.later
    this.#out.push(frame(FRAME.headers, FLAG.endHeaders, stream, block))
    this.#waiting.push({ stream, data, at: 0 })
  }

  flush(): void {
    this.#sendData()
    if (this.#out.length === 0) return
    const bytes = this.#out.length === 1 ? this.#out[0] : Buffer.concat(this.#out)
    this.#out = []
    if (bytes !== undefined) this.#socket.write(bytes)
  }

  close(): void {
    this.#socket.destroy()
  }

  /** As far as the connection's window reaches (RFC 9113 section 5.2). */
  #sendData(): void {
    let sent = 0
    for (const waiting of this.#waiting) {
      if (!this.#sendFrames(waiting)) break
      sent++
    }
    if (sent > 0) this.#waiting = this.#waiting.slice(sent)
  }

  /** @returns whether all of them have gone */
  #sendFrames(waiting: Waiting): boolean {
    const { stream, data } = waiting
    while (waiting.at < data.length) {
      const size = data.readUIntBE(waiting.at, 3)
      if (size > this.#window) return false
      this.#window -= size
      const end = waiting.at + HEAD_BYTES + size
      const copy = Buffer.from(data.subarray(waiting.at, end))
      copy.writeUInt32BE(stream, 5)
      this.#out.push(copy)
      waiting.at = end
    }
    return true
  }

  #take(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let at = 0
    while (bytes.length - at >= HEAD_BYTES) {
      const end = at + HEAD_BYTES + bytes.readUIntBE(at, 3)
      if (end > bytes.length) break
      const payload = bytes.subarray(at + HEAD_BYTES, end)
      this.#frame(bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, bytes.readUInt32BE(at + 5), payload)
      at = end
    }
    this.#rest = bytes.subarray(at)
    this.flush()
  }

  #frame(type: number, flags: number, stream: number, payload: Buffer): void {
    switch (type) {
      case FRAME.data:
        return this.#answer(stream, payload)
      case FRAME.headers:
        if ((flags & FLAG.endStream) !== 0) this.#end(stream)
        return
      case FRAME.reset:
        return this.#end(stream, 'failed')
      case FRAME.settings:
        if ((flags & FLAG.ack) === 0) this.#settings(payload)
        return
      case FRAME.ping:
        if ((flags & FLAG.ack) === 0) this.#out.push(frame(FRAME.ping, FLAG.ack, 0, payload))
        return
      case FRAME.windowUpdate:
        if (stream === 0) this.#window += payload.readUInt32BE()
        return
      case FRAME.goAway:
        return this.#failAll()
      default:
    }
  }

  /** Answers are small: the status stands in the first frame. An error of gRPC has none. */
  #answer(stream: number, data: Buffer): void {
    const call = this.#calls.get(stream)
    if (call !== undefined && call.outcome === 'failed') call.outcome = isPass(data) ? 'passed' : 'refused'
  }

  #end(stream: number, outcome?: Outcome): void {
    const call = this.#calls.get(stream)
    this.#calls.delete(stream)
    call?.onEnd(outcome ?? call.outcome)
  }

  #settings(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      const isWindow = payload.readUInt16BE(at) === INITIAL_WINDOW_SETTING
      if (isWindow && payload.readUInt32BE(at + 2) < DEFAULT_WINDOW)
        throw new Error('the server’s window is too small for this driver')
    }
    this.#out.push(frame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0)))
  }

  #failAll(): void {
    for (const stream of [...this.#calls.keys()]) this.#end(stream, 'failed')
  }
}
