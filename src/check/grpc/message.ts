import { Buffer } from 'node:buffer'
import { type Refusal, STATUS } from './status.ts'

/** Compressed flag (1 byte) and length (4 bytes) before each message (gRPC: PROTOCOL-HTTP2). */
export const PREFIX_BYTES = 5
const FIRST_ROOM_BYTES = 64 * 1024

export interface Message {
  readonly isCompressed: boolean
  readonly bytes: Buffer
}

const NO_MESSAGE: Refusal = { code: STATUS.unimplemented, text: 'the call holds no message' }
const INCOMPLETE: Refusal = { code: STATUS.internal, text: 'the message ends before its length' }
const MORE_THAN_ONE: Refusal = { code: STATUS.unimplemented, text: 'the call holds more than one message' }
const UNKNOWN_FLAG: Refusal = { code: STATUS.internal, text: 'the compressed flag is neither 0 nor 1' }
const TOO_LARGE: Refusal = { code: STATUS.resourceExhausted, text: 'the message is too large' }

/** Puts the one message of a call together, however its bytes are cut into DATA frames. */
export class MessageReader {
  readonly #maxBytes: number
  /** What has come, and room behind it. */
  #bytes: Buffer | undefined
  #size = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** @returns why reading on is useless; then this reader is not asked again */
  push(chunk: Buffer): Refusal | undefined {
    if (this.#bytes === undefined) this.#bytes = chunk
    else this.#append(this.#bytes, chunk)
    this.#size += chunk.length
    return this.#size < PREFIX_BYTES ? undefined : this.#faultOf(this.#bytes)
  }

  /** When the peer has said its last: the message, or why there is none. */
  finish(): Message | Refusal {
    if (this.#bytes === undefined || this.#size === 0) return NO_MESSAGE
    if (this.#size < PREFIX_BYTES) return INCOMPLETE
    if (this.#size < PREFIX_BYTES + this.#bytes.readUInt32BE(1)) return INCOMPLETE
    return { isCompressed: this.#bytes[0] === 1, bytes: this.#bytes.subarray(PREFIX_BYTES, this.#size) }
  }

  #faultOf(bytes: Buffer): Refusal | undefined {
    const length = bytes.readUInt32BE(1)
    if ((bytes[0] ?? 0) > 1) return UNKNOWN_FLAG
    if (length > this.#maxBytes) return TOO_LARGE
    return this.#size > PREFIX_BYTES + length ? MORE_THAN_ONE : undefined
  }

  /**
   * Into one buffer that grows with what has come, not with what was announced: chunks kept as they are would each hold
   * the whole read of the socket in memory, also those of one byte.
   */
  #append(bytes: Buffer, chunk: Buffer): void {
    const size = this.#size + chunk.length
    if (bytes.length < size) {
      const larger = Buffer.allocUnsafeSlow(Math.max(FIRST_ROOM_BYTES, 2 * size))
      bytes.copy(larger, 0, 0, this.#size)
      this.#bytes = larger
    }
    this.#bytes?.set(chunk, this.#size)
  }
}

/** With the prefix of an uncompressed message. */
export function framed(message: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + message.length)
  bytes[0] = 0
  bytes.writeUInt32BE(message.length, 1)
  bytes.set(message, PREFIX_BYTES)
  return bytes
}
