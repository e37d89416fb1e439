import { Buffer } from 'node:buffer'
import { decompress } from '../grpc/compression.ts'
import { HEALTH_CHECK_PATH, HEALTH_WATCH_PATH, type Health } from '../grpc/health.ts'
import { framed, type Message, MessageReader } from '../grpc/message.ts'
import { ENDED, FAULT, isGrpc, type Refusal, STATUS, TOO_SLOW, UNKNOWN_METHOD } from '../grpc/status.ts'
import { CHECK_PATH } from '../transport.ts'
import { NO_GRPC, trailersOf, trailersOnly } from './blocks.ts'
import type { CallHandler } from './connection.ts'
import { LIMITS } from './limits.ts'
import type { Sender } from './sender.ts'
import type { Method, Stream } from './stream.ts'

export interface CallOptions {
  /** The caller is bound into it. Never rejects. */
  readonly check: (message: Buffer) => Promise<Buffer>
  readonly health: Health
  readonly maxMessageBytes: number
}

const TOO_MUCH: Refusal = { code: STATUS.resourceExhausted, text: 'too much is coming at once' }

/** gRPC on the streams of one connection. `grpc-timeout` is not heeded: the handler has its own deadline, Envoy resets. */
export class Calls implements CallHandler {
  readonly #options: CallOptions
  readonly #sender: Sender
  /** Health watches: few, and they live long. */
  readonly #watches = new Set<Stream>()
  /** Bytes of messages that have not come to their end. */
  #heldBytes = 0

  constructor(options: CallOptions, sender: Sender) {
    this.#options = options
    this.#sender = sender
  }

  begin(stream: Stream): void {
    const { contentType, method, path } = stream.head
    if (!isGrpc(contentType)) return this.#sender.end(stream, NO_GRPC)
    stream.method = method === 'POST' ? this.#methodOf(path) : undefined
    if (stream.method === undefined) return this.#refuse(stream, UNKNOWN_METHOD)
    stream.reader = new MessageReader(this.#options.maxMessageBytes)
  }

  data(stream: Stream, bytes: Buffer, at: number, end: number, isLast: boolean): void {
    const { reader } = stream
    if (reader === undefined) return
    // What is kept must not keep the rest of the read with it.
    const piece = isLast ? bytes.subarray(at, end) : ownCopy(bytes, at, end)
    const fault = piece.length === 0 ? undefined : reader.push(piece)
    if (fault !== undefined) return this.#refuse(stream, fault)
    if (isLast) return this.#take(stream, reader.finish())
    stream.heldBytes += piece.length
    this.#heldBytes += piece.length
    if (this.#heldBytes > LIMITS.heldBytes) this.#refuse(stream, TOO_MUCH)
  }

  closed(stream: Stream): void {
    this.#release(stream)
    stream.stop?.()
  }

  giveUp(stream: Stream): void {
    this.#refuse(stream, TOO_SLOW)
  }

  drain(): void {
    for (const stream of this.#watches) this.#sender.end(stream, trailersOf(ENDED))
  }

  #methodOf(path: string): Method | undefined {
    switch (path) {
      case CHECK_PATH:
        return this.#check
      case HEALTH_CHECK_PATH:
        return this.#checkHealth
      case HEALTH_WATCH_PATH:
        return this.#watchHealth
      default:
        return undefined
    }
  }

  readonly #check: Method = (stream, message) => {
    this.#options.check(message).then(
      (response) => this.#answer(stream, response),
      // `handle` never rejects; if it ever did, hanging would be worse than an error.
      () => this.#refuse(stream, FAULT),
    )
  }

  readonly #checkHealth: Method = (stream, message) =>
    this.#answer(stream, this.#options.health.check(message))

  readonly #watchHealth: Method = (stream, message) => {
    const tell = (response: Buffer) => {
      if (stream.isClosed || stream.lastBlock !== undefined) return
      this.#sender.begin(stream)
      this.#sender.data(stream, framed(response))
    }
    const stop = this.#options.health.watch(message, tell)
    if (typeof stop !== 'function') return this.#refuse(stream, stop)
    this.#watches.add(stream)
    stream.stop = () => {
      this.#watches.delete(stream)
      stop()
    }
  }

  /** The whole message, or why there is none. */
  #take(stream: Stream, message: Message | Refusal): void {
    this.#release(stream)
    if ('code' in message) this.#refuse(stream, message)
    else if (message.isCompressed) void this.#inflate(stream, message)
    else stream.method?.(stream, message.bytes)
  }

  async #inflate(stream: Stream, { bytes }: Message): Promise<void> {
    const result = await decompress(bytes, stream.head.encoding, this.#options.maxMessageBytes)
    if (!Buffer.isBuffer(result)) this.#refuse(stream, result)
    else if (!stream.isClosed) stream.method?.(stream, result)
  }

  /** Lets go of what was kept of its message. */
  #release(stream: Stream): void {
    if (stream.reader === undefined) return
    stream.reader = undefined
    this.#heldBytes -= stream.heldBytes
    stream.heldBytes = 0
  }

  #answer(stream: Stream, response: Buffer | Refusal): void {
    if (!Buffer.isBuffer(response)) this.#refuse(stream, response)
    else if (!stream.isClosed) this.#sender.answer(stream, response)
  }

  #refuse(stream: Stream, refusal: Refusal): void {
    if (!stream.isClosed) this.#sender.end(stream, trailersOnly(refusal))
  }
}

function ownCopy(bytes: Buffer, at: number, end: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(end - at)
  bytes.copy(copy, 0, at, end)
  return copy
}
