import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { decompress } from '../grpc/compression.ts'
import { framed, type Message, MessageReader } from '../grpc/message.ts'
import { CONTENT_TYPE, isGrpc, type Refusal, TOO_SLOW, UNKNOWN_METHOD } from '../grpc/status.ts'
import type { Open, OpenCalls } from '../open-calls.ts'
import { isGone, refuse, refuseMediaType } from './refuse.ts'

/** Answers a call whose one message has come. Must not throw. */
export type Method = (stream: ServerHttp2Stream, message: Buffer) => void

export interface CallOptions {
  /** By path. */
  readonly methods: ReadonlyMap<string | undefined, Method>
  readonly maxMessageBytes: number
}

/** As a list of names and values that is never copied; without a date, which gRPC does not need. */
const HEAD = [':status', '200', 'content-type', CONTENT_TYPE]
const WITH_TRAILERS = { waitForTrailers: true, sendDate: false }
const OK = { 'grpc-status': '0' }

/** A call whose message is still coming. `grpc-timeout` is not heeded: the handler has its own deadline, Envoy resets. */
export class Call implements Open {
  previous: Open | undefined = undefined
  next: Open | undefined = undefined
  readonly #stream: ServerHttp2Stream
  readonly #encoding: unknown
  readonly #method: Method
  readonly #maxBytes: number
  /** Let go of with the last byte: the stream, and all that hangs on it, may live much longer than its message. */
  #reader: MessageReader | undefined
  #isOver = false
  #isOld = false

  private constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    method: Method,
    maxBytes: number,
  ) {
    this.#stream = stream
    this.#encoding = headers['grpc-encoding']
    this.#method = method
    this.#maxBytes = maxBytes
    this.#reader = new MessageReader(maxBytes)
  }

  /**
   * Reads the call that began with these headers and has its method answer it.
   * @param open holds the call as long as its message is coming
   */
  static read(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    { methods, maxMessageBytes }: CallOptions,
    open: OpenCalls<Call>,
  ): void {
    // What resets a stream is an error of it, too; without a listener it would end the process.
    stream.on('error', ignore)
    if (isGone(stream)) return
    if (!isGrpc(headers['content-type'])) return refuseMediaType(stream)
    const method = headers[':method'] === 'POST' ? methods.get(headers[':path']) : undefined
    if (method === undefined) return refuse(stream, UNKNOWN_METHOD)
    const call = new Call(stream, headers, method, maxMessageBytes)
    open.add(call)
    stream.on('aborted', () => open.delete(call))
    stream.on('data', (chunk: Buffer) => call.#take(chunk))
    stream.on('end', () => {
      open.delete(call)
      call.#end()
    })
  }

  /** The second time says that its message took too long. */
  age(): void {
    if (this.#isOld && !this.#isOver) this.#refuse(TOO_SLOW)
    this.#isOld = true
  }

  #take(chunk: Buffer): void {
    if (this.#isOver) return
    const fault = this.#reader?.push(chunk)
    if (fault !== undefined) this.#refuse(fault)
  }

  #end(): void {
    const message = this.#reader?.finish()
    this.#reader = undefined
    // A reset without an error ends the body, too.
    if (message === undefined || this.#isOver || isGone(this.#stream)) return
    if ('code' in message) this.#refuse(message)
    else if (message.isCompressed) void this.#inflate(message)
    else this.#method(this.#stream, message.bytes)
  }

  async #inflate({ bytes }: Message): Promise<void> {
    const result = await decompress(bytes, this.#encoding, this.#maxBytes)
    if (!Buffer.isBuffer(result)) this.#refuse(result)
    else if (!isGone(this.#stream)) this.#method(this.#stream, result)
  }

  #refuse(refusal: Refusal): void {
    this.#isOver = true
    refuse(this.#stream, refusal)
  }
}

/** The answer of a unary call. */
export function reply(stream: ServerHttp2Stream, message: Buffer): void {
  if (isGone(stream)) return
  begin(stream)
  stream.on('wantTrailers', sendOk)
  stream.end(framed(message))
}

/** Headers of an answer; its trailers are asked for when its writing side ends. */
export function begin(stream: ServerHttp2Stream): void {
  stream.respond(HEAD, WITH_TRAILERS)
}

function sendOk(this: ServerHttp2Stream): void {
  this.sendTrailers(OK)
}

const ignore = () => undefined
