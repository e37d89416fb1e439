import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { PREFIX_BYTES } from '../grpc/message.ts'
import { type ErrorCode, FLAG, FRAME, HEAD_BYTES } from './protocol.ts'

/**
 * Frames of many turns are written into one piece of memory, which is given up when it is full. The next one is larger, up
 * to this, so that a connection that says little holds little.
 */
const MOST_SLAB_BYTES = 32 * 1024
const FIRST_SLAB_BYTES = 512

/** Collects the frames of one turn of the event loop and hands them to the socket in one write. */
export class FrameWriter {
  readonly #socket: Socket
  /** What does not fit into the slab any more, in front of what is in it. */
  #full: Buffer[] = []
  #slab = Buffer.alloc(0)
  /** What is written and not handed over stands between these. */
  #from = 0
  #to = 0
  #isScheduled = false

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Bytes that the peer has not taken yet. */
  get waitingBytes(): number {
    return this.#socket.writableLength
  }

  /** A frame as it is. */
  frame(type: number, flags: number, stream: number, payload: Uint8Array): void {
    const at = this.#reserve(HEAD_BYTES + payload.length)
    const behind = putHead(this.#slab, at, payload.length, type, flags, stream)
    this.#slab.set(payload, behind)
  }

  /** @param value of WINDOW_UPDATE or RST_STREAM */
  word(type: typeof FRAME.reset | typeof FRAME.windowUpdate, stream: number, value: number): void {
    const at = this.#reserve(HEAD_BYTES + 4)
    this.#slab.writeUInt32BE(value, putHead(this.#slab, at, 4, type, 0, stream))
  }

  goAway(lastStream: number, code: ErrorCode): void {
    const at = this.#reserve(HEAD_BYTES + 8)
    const behind = putHead(this.#slab, at, 8, FRAME.goAway, 0, 0)
    this.#slab.writeUInt32BE(lastStream, behind)
    this.#slab.writeUInt32BE(code, behind + 4)
  }

  /** HEADERS, one DATA and trailers: a whole answer. @param message gets gRPC's prefix of an uncompressed message */
  answer(stream: number, head: Uint8Array, message: Uint8Array, trailers: Uint8Array): void {
    const data = PREFIX_BYTES + message.length
    let at = this.#reserve(3 * HEAD_BYTES + head.length + data + trailers.length)
    const slab = this.#slab
    at = putHead(slab, at, head.length, FRAME.headers, FLAG.endHeaders, stream)
    slab.set(head, at)
    at = putHead(slab, at + head.length, data, FRAME.data, 0, stream)
    slab[at] = 0
    slab.writeUInt32BE(message.length, at + 1)
    slab.set(message, at + PREFIX_BYTES)
    at = putHead(slab, at + data, trailers.length, FRAME.headers, FLAG.endHeaders | FLAG.endStream, stream)
    slab.set(trailers, at)
  }

  /** Once the code that runs now, and all promises that are settled by it, are through. */
  #schedule(): void {
    this.#isScheduled = true
    process.nextTick(flush, this)
  }

  /** Now; the connection ends. */
  flush(): void {
    this.#isScheduled = false
    const last = this.#slab.subarray(this.#from, this.#to)
    this.#from = this.#to
    // The socket may have been closed in between, and would call that an error.
    if (!this.#socket.writable) this.#full = []
    else if (this.#full.length > 0) this.#flushAll(last)
    else if (last.length > 0) this.#socket.write(last)
  }

  #flushAll(last: Buffer): void {
    const full = this.#full
    this.#full = []
    this.#socket.cork()
    for (const bytes of full) this.#socket.write(bytes)
    this.#socket.write(last)
    this.#socket.uncork()
  }

  /** @returns where in the slab so many bytes may be written */
  #reserve(bytes: number): number {
    if (this.#slab.length - this.#to < bytes) this.#renew(bytes)
    if (!this.#isScheduled) this.#schedule()
    const at = this.#to
    this.#to += bytes
    return at
  }

  #renew(bytes: number): void {
    if (this.#to > this.#from) this.#full.push(this.#slab.subarray(this.#from, this.#to))
    const size = Math.min(MOST_SLAB_BYTES, Math.max(FIRST_SLAB_BYTES, 2 * this.#slab.length))
    this.#slab = Buffer.allocUnsafeSlow(Math.max(size, bytes))
    this.#from = 0
    this.#to = 0
  }
}

const flush = (writer: FrameWriter) => writer.flush()

/** Section 4.1. @returns where the payload begins */
function putHead(bytes: Buffer, at: number, length: number, type: number, flags: number, stream: number) {
  bytes[at] = length >>> 16
  bytes[at + 1] = length >>> 8
  bytes[at + 2] = length
  bytes[at + 3] = type
  bytes[at + 4] = flags
  bytes[at + 5] = stream >>> 24
  bytes[at + 6] = stream >>> 16
  bytes[at + 7] = stream >>> 8
  bytes[at + 8] = stream
  return at + HEAD_BYTES
}
