import { Buffer } from 'node:buffer'
import { ERROR, Fault, HEAD_BYTES, LEAST_MAX_FRAME, PREFACE } from './protocol.ts'

/** Gets each frame; its payload stands between `at` and `end` of the bytes, which nobody writes to afterwards. */
export interface FrameSink {
  frame(type: number, flags: number, stream: number, bytes: Buffer, at: number, end: number): void
}

const PREFACE_BYTES = Buffer.from(PREFACE)

/**
 * Cuts what a client sends into frames (RFC 9113 section 4.1), however the network cut it. A frame inside one chunk is not
 * copied; one that is cut gets a buffer of its own, as long as it says to be and no longer than allowed.
 */
export class FrameReader {
  readonly #sink: FrameSink
  #prefaceSeen = 0
  readonly #head = Buffer.alloc(HEAD_BYTES)
  #headSize = 0
  #payload: Buffer | undefined
  #payloadSize = 0

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  /** @throws Fault, and what the sink throws; then no more may be given to it */
  push(chunk: Buffer): void {
    let at = this.#prefaceSeen < PREFACE_BYTES.length ? this.#preface(chunk) : 0
    if (this.#headSize > 0) at = this.#continue(chunk, at)
    while (chunk.length - at >= HEAD_BYTES) {
      const end = at + HEAD_BYTES + lengthOf(chunk, at)
      if (end > chunk.length) break
      this.#tell(chunk, at, chunk, at + HEAD_BYTES, end)
      at = end
    }
    if (at < chunk.length) this.#continue(chunk, at)
  }

  /** Section 3.4. @returns where frames begin */
  #preface(chunk: Buffer): number {
    const end = Math.min(chunk.length, PREFACE_BYTES.length - this.#prefaceSeen)
    for (let at = 0; at < end; at++) {
      if (chunk[at] !== PREFACE_BYTES[this.#prefaceSeen++]) throw new Fault(ERROR.protocol, 'no preface')
    }
    return end
  }

  /** Takes what is here of a frame that is cut. @returns where the next one begins */
  #continue(chunk: Buffer, from: number): number {
    let at = from
    if (this.#headSize < HEAD_BYTES) {
      const size = Math.min(HEAD_BYTES - this.#headSize, chunk.length - at)
      chunk.copy(this.#head, this.#headSize, at, at + size)
      this.#headSize += size
      at += size
      if (this.#headSize < HEAD_BYTES) return at
      this.#payload = Buffer.allocUnsafeSlow(lengthOf(this.#head, 0))
      this.#payloadSize = 0
    }
    const payload = this.#payload as Buffer
    const size = Math.min(payload.length - this.#payloadSize, chunk.length - at)
    chunk.copy(payload, this.#payloadSize, at, at + size)
    this.#payloadSize += size
    if (this.#payloadSize < payload.length) return at + size
    this.#headSize = 0
    this.#payload = undefined
    this.#tell(this.#head, 0, payload, 0, payload.length)
    return at + size
  }

  #tell(head: Buffer, from: number, bytes: Buffer, at: number, end: number): void {
    const stream = head.readUInt32BE(from + 5) & 0x7fff_ffff
    this.#sink.frame(head[from + 3] ?? 0, head[from + 4] ?? 0, stream, bytes, at, end)
  }
}

/** @throws Fault when it is more than this side allows (section 4.2) */
function lengthOf(bytes: Buffer, at: number): number {
  const length = bytes.readUIntBE(at, 3)
  if (length > LEAST_MAX_FRAME) throw new Fault(ERROR.frameSize, 'a frame is too large')
  return length
}
