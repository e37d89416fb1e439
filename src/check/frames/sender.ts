import { Buffer } from 'node:buffer'
import { framed, PREFIX_BYTES } from '../grpc/message.ts'
import { OpenCalls } from '../open-calls.ts'
import { ANSWER_HEAD, OK_TRAILERS, withoutTable } from './blocks.ts'
import type { FrameWriter } from './frame-writer.ts'
import { ERROR, Fault, FIRST_WINDOW, FLAG, FRAME, LEAST_MAX_FRAME, MAX_WINDOW } from './protocol.ts'
import type { Stream } from './stream.ts'

/** Sends answers, as far as the peer's windows reach (RFC 9113 section 5.2). */
export class Sender {
  readonly #writer: FrameWriter
  readonly #onEnd: (stream: Stream) => void
  readonly #waiting = new OpenCalls<Stream>()
  #window = FIRST_WINDOW
  #isFirstBlock = true
  /** The peer's settings. */
  maxFrame = LEAST_MAX_FRAME
  initialWindow = FIRST_WINDOW
  /** How many wait for a window. */
  waiting = 0

  /** @param onEnd the whole answer of a stream is sent */
  constructor(writer: FrameWriter, onEnd: (stream: Stream) => void) {
    this.#writer = writer
    this.#onEnd = onEnd
  }

  /** A whole answer: headers, the message, status 0. */
  answer(stream: Stream, message: Buffer): void {
    const bytes = PREFIX_BYTES + message.length
    const isRoom = bytes <= stream.sendWindow && bytes <= this.#window && bytes <= this.maxFrame
    if (!isRoom || this.#isFirstBlock) {
      this.begin(stream)
      this.data(stream, framed(message))
      return this.end(stream, OK_TRAILERS)
    }
    this.#window -= bytes
    this.#writer.answer(stream.id, ANSWER_HEAD, message, OK_TRAILERS)
    this.#onEnd(stream)
  }

  /** Headers, when they have not been sent. */
  begin(stream: Stream): void {
    if (stream.hasHead) return
    stream.hasHead = true
    this.#block(stream, ANSWER_HEAD, FLAG.endHeaders)
  }

  data(stream: Stream, bytes: Buffer): void {
    stream.pending = stream.pending === undefined ? bytes : Buffer.concat([stream.pending, bytes])
    this.#push(stream)
  }

  /** The last headers, behind what waits. */
  end(stream: Stream, block: Buffer): void {
    stream.lastBlock = block
    this.#push(stream)
  }

  /** It is closed, whether or not all was sent. */
  forget(stream: Stream): void {
    stream.pending = undefined
    if (!stream.isWaiting) return
    stream.isWaiting = false
    this.waiting--
    this.#waiting.delete(stream)
  }

  /** @throws Fault when the window of the connection gets too large (section 6.9.1) */
  grow(bytes: number): void {
    this.#window += bytes
    if (this.#window > MAX_WINDOW)
      throw new Fault(ERROR.flowControl, 'the window of the connection is too large')
    this.resume()
  }

  resume(): void {
    if (this.#window > 0) this.#waiting.each((stream) => this.#push(stream))
  }

  #push(stream: Stream): void {
    while (stream.pending !== undefined) {
      const bytes = Math.min(this.#window, stream.sendWindow, this.maxFrame, stream.pending.length)
      if (bytes <= 0) return this.#wait(stream)
      this.#window -= bytes
      stream.sendWindow -= bytes
      this.#writer.frame(FRAME.data, 0, stream.id, stream.pending.subarray(0, bytes))
      stream.pending = bytes === stream.pending.length ? undefined : stream.pending.subarray(bytes)
    }
    if (stream.lastBlock === undefined) return this.forget(stream)
    this.#block(stream, stream.lastBlock, FLAG.endHeaders | FLAG.endStream)
    this.#onEnd(stream)
  }

  #wait(stream: Stream): void {
    if (stream.isWaiting) return
    stream.isWaiting = true
    stream.isOld = false
    this.waiting++
    this.#waiting.add(stream)
  }

  #block({ id }: Stream, block: Buffer, flags: number): void {
    const first = this.#isFirstBlock
    this.#isFirstBlock = false
    this.#writer.frame(FRAME.headers, flags, id, first ? withoutTable(block) : block)
  }
}
