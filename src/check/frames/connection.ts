import type { Socket } from 'node:net'
import type { Connection } from '../transport.ts'
import { Dispatcher } from './dispatcher.ts'
import { FrameReader } from './frame-reader.ts'
import { FrameWriter } from './frame-writer.ts'
import { LIMITS } from './limits.ts'
import { ERROR, Fault } from './protocol.ts'
import { Sender } from './sender.ts'
import type { Stream } from './stream.ts'
import { type StreamHandler, Streams } from './streams.ts'

/** What the calls of a connection are answered by. */
export interface CallHandler extends StreamHandler {
  /** Its message has not come in time. Must end the call. */
  giveUp(stream: Stream): void
  /** The connection is about to end: calls that only wait for something to happen end, too. */
  drain(): void
}

/** One socket that speaks HTTP/2. Whatever its peer does, nothing is thrown. */
export class FramesConnection implements Connection {
  readonly #socket: Socket
  readonly #writer: FrameWriter
  readonly #streams: Streams
  readonly #calls: CallHandler
  readonly #dispatcher: Dispatcher
  readonly #reader: FrameReader
  /** Said by GOAWAY: that the end is near, or that no more calls are taken. */
  #state: 'open' | 'announced' | 'leaving' | 'over' = 'open'
  /** Reads nothing, because the peer does not read either. */
  #isHeld = false
  /** It was held, or announced, when the last patience began. */
  #isOld = false

  /** @param patienceMs how long a peer may take to begin, and at least for a message or an answer; twice that at most */
  constructor(socket: Socket, patienceMs: number, makeCalls: (sender: Sender) => CallHandler) {
    this.#socket = socket
    this.#writer = new FrameWriter(socket)
    const sender = new Sender(this.#writer, (stream) => this.#streams.end(stream))
    this.#calls = makeCalls(sender)
    this.#streams = new Streams(this.#writer, sender, this.#calls, () => this.#endIfIdle())
    this.#dispatcher = new Dispatcher(this.#writer, sender, this.#streams, () => this.#leave())
    this.#reader = new FrameReader(this.#dispatcher)
    this.#listen(patienceMs)
    this.#dispatcher.greet()
  }

  #listen(patienceMs: number): void {
    const socket = this.#socket
    const timer = setInterval(() => this.#age(), patienceMs).unref()
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('drain', () => this.#release())
    socket.once('close', () => {
      clearInterval(timer)
      this.#state = 'over'
      this.#streams.closeAll()
    })
  }

  /**
   * RFC 9113 section 6.8: first that the end is near, and a round trip later, when all that the peer sent before it knew is
   * here, which call is the last.
   */
  drain(): void {
    if (!this.#dispatcher.hasBegun) return void this.#socket.destroy()
    if (this.#state !== 'open') return
    this.#state = 'announced'
    this.#isOld = false
    this.#dispatcher.farewell()
    this.#calls.drain()
  }

  #leave(): void {
    if (this.#state !== 'announced') return
    this.#state = 'leaving'
    this.#writer.goAway(this.#streams.leave(), ERROR.none)
    this.#endIfIdle()
  }

  #endIfIdle(): void {
    if (this.#state === 'leaving' && this.#streams.size === 0) this.#end()
  }

  /** What is written still goes out; what comes is not read any more. */
  #end(): void {
    this.#state = 'over'
    this.#isOld = false
    this.#writer.flush()
    this.#socket.end()
  }

  #take(chunk: Buffer): void {
    if (this.#state === 'over') return
    try {
      this.#reader.push(chunk)
    } catch (error) {
      return this.#fail(error)
    }
    if (this.#writer.waitingBytes > LIMITS.waitingBytes) this.#hold()
  }

  /** Section 5.4.1. */
  #fail(error: unknown): void {
    this.#writer.goAway(this.#streams.last, error instanceof Fault ? error.code : ERROR.internal)
    this.#end()
    this.#streams.closeAll()
  }

  /** One that takes no answers may not ask for more. */
  #hold(): void {
    this.#isHeld = true
    this.#socket.pause()
  }

  #release(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#isOld = false
    this.#socket.resume()
  }

  /** A patience is over. */
  #age(): void {
    const isLate = this.#isHeld || this.#state === 'announced' || this.#state === 'over'
    const isOver = isLate && this.#isOld
    if (!this.#dispatcher.hasBegun || (isOver && this.#state !== 'announced'))
      return void this.#socket.destroy()
    // Whoever does not answer the announcement has had its round trip.
    if (isOver) this.#leave()
    this.#isOld = isLate
    this.#streams.age((stream) => this.#calls.giveUp(stream))
    try {
      this.#dispatcher.age()
    } catch (error) {
      this.#fail(error)
    }
  }
}
