import { Buffer } from 'node:buffer'
import type { FrameWriter } from './frame-writer.ts'
import { LIMITS } from './limits.ts'
import { ERROR, type ErrorCode, Fault, FIRST_WINDOW, FRAME, MAX_STREAM, MAX_WINDOW } from './protocol.ts'
import { HeadReader, type RequestHead } from './request-head.ts'
import type { Sender } from './sender.ts'
import { Stream } from './stream.ts'
import { ClosedStreams, type Ending, StreamTable } from './stream-table.ts'

const NOTHING = Buffer.alloc(0)

/** What stands above HTTP/2. None of these may throw. */
export interface StreamHandler {
  /** A call begins; its head is well formed. */
  begin(stream: Stream): void
  /** What came of its body, between `at` and `end`; the last time with `isLast`. */
  data(stream: Stream, bytes: Buffer, at: number, end: number, isLast: boolean): void
  /** Once for each that began, however it ends. */
  closed(stream: Stream): void
}

/** The calls of a connection: their states and windows (RFC 9113 sections 5 and 8). */
export class Streams {
  readonly #writer: FrameWriter
  readonly #sender: Sender
  readonly #handler: StreamHandler
  readonly #onIdle: () => void
  readonly #heads = new HeadReader()
  readonly #open = new StreamTable<Stream>()
  readonly #closed = new ClosedStreams()
  #receiveWindow: number = LIMITS.window
  /** The highest number that was used, and the highest that is still taken. */
  #last = 0
  #mostTaken = MAX_STREAM
  /** Within this patience. */
  answered = 0

  /** @param onIdle the last call that was open is not any more */
  constructor(writer: FrameWriter, sender: Sender, handler: StreamHandler, onIdle: () => void) {
    this.#writer = writer
    this.#sender = sender
    this.#handler = handler
    this.#onIdle = onIdle
  }

  get size(): number {
    return this.#open.size
  }

  /** Never opened. */
  isIdle = (id: number): boolean => id === 0 || id % 2 === 0 || id > this.#last

  /** From now on no call is taken. @returns the last one that was */
  leave(): number {
    this.#mostTaken = this.#last
    return this.#last
  }

  get last(): number {
    return this.#last
  }

  /**
   * A header block: the beginning of a call, or its trailers.
   * @returns whether it was of use
   * @throws Fault
   */
  head(id: number, isLast: boolean, bytes: Buffer, at: number, end: number): boolean {
    const head = this.#heads.read(bytes, at, end)
    const stream = this.#open.get(id)
    if (stream !== undefined) return this.#trailers(stream, head, isLast)
    if (id <= this.#last) return this.#lateHead(id)
    this.#last = id
    const refused = this.#reasonAgainst(head, id)
    if (refused !== undefined) return this.#refuse(id, refused)
    this.#begin(new Stream(id, head, this.#sender.initialWindow), isLast)
    return true
  }

  #begin(stream: Stream, isLast: boolean): void {
    this.#open.add(stream)
    this.#handler.begin(stream)
    if (isLast && !stream.isClosed) this.#end(stream)
  }

  #reasonAgainst(head: RequestHead, id: number): ErrorCode | undefined {
    if (id > this.#mostTaken || this.#open.size >= LIMITS.streams) return ERROR.refusedStream
    if (head.isTooLarge) return ERROR.calm
    return head.isMalformed || !head.hasPseudo ? ERROR.protocol : undefined
  }

  #refuse(id: number, code: ErrorCode): false {
    this.#closed.add(id, 'reset-here')
    this.#writer.word(FRAME.reset, id, code)
    return false
  }

  /** Section 8.1: trailers end the call. */
  #trailers(stream: Stream, head: RequestHead, isLast: boolean): boolean {
    if (stream.isRemoteClosed) return this.reset(stream, ERROR.streamClosed)
    if (!isLast || head.hasPseudo || head.isMalformed) return this.reset(stream, ERROR.protocol)
    this.#end(stream)
    return true
  }

  /** Sections 5.1 and 5.1.1. */
  #lateHead(id: number): boolean {
    const ending = this.#closed.endingOf(id)
    if (ending === undefined) throw new Fault(ERROR.protocol, 'a stream of a number below the last')
    if (ending !== 'reset-here') throw new Fault(ERROR.streamClosed, 'HEADERS of a closed stream')
    return false
  }

  /**
   * @param size what counts for the windows: with padding (section 6.9)
   * @returns whether it was of use
   * @throws Fault
   */
  data(id: number, bytes: Buffer, at: number, end: number, size: number, isLast: boolean): boolean {
    this.#receive(size)
    const stream = this.#open.get(id)
    if (stream === undefined) return this.#lateData(id)
    if (stream.isRemoteClosed) return this.reset(stream, ERROR.streamClosed)
    stream.receiveWindow -= size
    stream.bodyBytes += end - at
    if (isLast) return this.#end(stream, bytes, at, end)
    // Section 8.1.1.
    if (stream.bodyBytes > (stream.head.contentLength ?? stream.bodyBytes))
      return this.reset(stream, ERROR.protocol)
    this.#handler.data(stream, bytes, at, end, false)
    if (!stream.isClosed) this.#refill(stream)
    return true
  }

  /**
   * Windows are given back as soon as they are half used: what is kept of messages is bounded otherwise, and no frame is
   * larger than the other half, so that nobody can go beyond them.
   */
  #receive(size: number): void {
    this.#receiveWindow -= size
    if (this.#receiveWindow > LIMITS.window / 2) return
    this.#writer.word(FRAME.windowUpdate, 0, LIMITS.window - this.#receiveWindow)
    this.#receiveWindow = LIMITS.window
  }

  #refill(stream: Stream): void {
    if (stream.receiveWindow > FIRST_WINDOW / 2) return
    this.#writer.word(FRAME.windowUpdate, stream.id, FIRST_WINDOW - stream.receiveWindow)
    stream.receiveWindow = FIRST_WINDOW
  }

  #lateData(id: number): boolean {
    if (this.isIdle(id)) throw new Fault(ERROR.protocol, 'DATA of a stream that has not begun')
    // What was on its way when this side reset the stream.
    if (this.#closed.endingOf(id) === 'reset-here') return false
    this.#writer.word(FRAME.reset, id, ERROR.streamClosed)
    return false
  }

  /** The peer has said its last, perhaps with these bytes. */
  #end(stream: Stream, bytes: Buffer = NOTHING, at = 0, end = 0): boolean {
    const { contentLength } = stream.head
    if (contentLength !== undefined && contentLength !== stream.bodyBytes)
      return this.reset(stream, ERROR.protocol)
    stream.isRemoteClosed = true
    this.#handler.data(stream, bytes, at, end, true)
    return true
  }

  /**
   * @returns whether it was of use
   * @throws Fault
   */
  grow(id: number, bytes: number): boolean {
    if (this.isIdle(id)) throw new Fault(ERROR.protocol, 'WINDOW_UPDATE of no stream')
    const stream = this.#open.get(id)
    if (stream === undefined) return true
    stream.sendWindow += bytes
    if (bytes === 0) return this.reset(stream, ERROR.protocol)
    if (stream.sendWindow > MAX_WINDOW) return this.reset(stream, ERROR.flowControl)
    if (stream.isWaiting) this.#sender.resume()
    return true
  }

  /** Section 6.9.2: that of every stream changes by as much. @throws Fault */
  resizeWindows(bytes: number): void {
    const growth = bytes - this.#sender.initialWindow
    this.#sender.initialWindow = bytes
    if (growth === 0) return
    this.#open.each((stream) => {
      stream.sendWindow += growth
      if (stream.sendWindow > MAX_WINDOW) throw new Fault(ERROR.flowControl, 'a window gets too large')
    })
    this.#sender.resume()
  }

  peerResets(id: number): void {
    const stream = this.#open.get(id)
    if (stream !== undefined) this.#close(stream, 'reset-by-peer')
  }

  reset(stream: Stream, code: ErrorCode): false {
    // Before anything that may end the connection.
    this.#writer.word(FRAME.reset, stream.id, code)
    this.#close(stream, 'reset-here')
    return false
  }

  /** Section 8.1: the answer is complete, and what is still to come of the request is not wanted. */
  end(stream: Stream): void {
    this.answered++
    if (stream.isRemoteClosed) this.#close(stream, 'whole')
    else this.reset(stream, ERROR.none)
  }

  /** A patience is over: an answer that nobody takes is given up. @param act for those whose message has not come */
  age(act: (stream: Stream) => void): void {
    this.answered = 0
    this.#open.each((stream) => {
      const isLate = stream.isWaiting || !stream.isRemoteClosed
      const isOver = isLate && stream.isOld
      stream.isOld = isLate
      if (isOver && stream.isWaiting) this.reset(stream, ERROR.cancel)
      else if (isOver) act(stream)
    })
  }

  /** The connection is over. */
  closeAll(): void {
    this.#open.each((stream) => this.#close(stream, 'whole'))
  }

  #close(stream: Stream, ending: Ending): void {
    stream.isClosed = true
    this.#open.delete(stream.id)
    this.#closed.add(stream.id, ending)
    this.#sender.forget(stream)
    this.#handler.closed(stream)
    if (this.#open.size === 0) this.#onIdle()
  }
}
