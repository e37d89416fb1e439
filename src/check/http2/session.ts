import { performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { HEALTH_CHECK_PATH, HEALTH_WATCH_PATH, type Health } from '../grpc/health.ts'
import { framed } from '../grpc/message.ts'
import { ENDED, FAULT, type Refusal } from '../grpc/status.ts'
import { OpenCalls } from '../open-calls.ts'
import { CHECK_PATH, type Connection } from '../transport.ts'
import { begin, Call, type CallOptions, type Method, reply } from './call.ts'
import { isGone, refuse } from './refuse.ts'

export interface SessionOptions {
  /** The caller is bound into it. Never rejects. */
  readonly check: (message: Buffer) => Promise<Buffer>
  readonly health: Health
  readonly maxMessageBytes: number
  /** How long a peer may take to begin, and at least how long to send a message; twice that at most. */
  readonly patienceMs: number
}

/** Nobody asks so much at once of a service that decides a thousand checks at a time (`server.maxInFlight`). */
const MAX_STREAMS = 10_000

const OPTIONS = {
  settings: { maxConcurrentStreams: MAX_STREAMS, enablePush: false },
  // What a session holds is bounded otherwise: so many calls, each with a message of at most maxMessageBytes that must
  // come within the patience. Node's 10 MB for all of them, answers that wait included, are less than that.
  maxSessionMemory: Number.MAX_SAFE_INTEGER,
  // Envoy resets a check when its client goes away or its timeout is over. By nghttp2's measure (33 a second) a few
  // impatient clients would end the connection, and with it the checks of everybody else.
  streamResetBurst: 100_000,
  streamResetRate: 20_000,
}

const ENDED_TRAILERS = { 'grpc-status': ENDED.code, 'grpc-message': ENDED.text }

/** One connection of HTTP/2. Whatever its peer does, nothing is thrown. */
export class Session implements Connection {
  readonly #session: ServerHttp2Session
  readonly #calls: CallOptions
  /** Calls whose message is still coming. */
  readonly #open = new OpenCalls<Call>()
  readonly #watches = new Set<ServerHttp2Stream>()
  #hasBegun = false

  constructor(socket: Socket, options: SessionOptions) {
    const session = performServerHandshake(socket, OPTIONS)
    this.#session = session
    this.#calls = { methods: this.#methods(options), maxMessageBytes: options.maxMessageBytes }
    session.on('error', () => undefined)
    session.once('remoteSettings', () => {
      this.#hasBegun = true
    })
    session.on('stream', (stream, headers) => Call.read(stream, headers, this.#calls, this.#open))
    const timer = setInterval(() => this.#lookForSilence(), options.patienceMs).unref()
    session.once('close', () => clearInterval(timer))
  }

  /**
   * One GOAWAY, which names the last call that is answered: a client may send all later ones again. RFC 9113 section 6.8
   * would announce it a round trip before; nghttp2 reads no more of an idle session once any GOAWAY is sent. Health has
   * said NOT_SERVING for the drain delay by then.
   */
  drain(): void {
    if (!this.#hasBegun) return this.#session.destroy()
    for (const stream of this.#watches) stream.end()
    this.#session.close()
  }

  #lookForSilence(): void {
    if (!this.#hasBegun) this.#session.destroy()
    this.#open.each((call) => call.age())
  }

  #methods({ check, health }: SessionOptions): CallOptions['methods'] {
    return new Map<string, Method>([
      [CHECK_PATH, (stream, message) => answerCheck(stream, check(message))],
      [HEALTH_CHECK_PATH, (stream, message) => answer(stream, health.check(message))],
      [HEALTH_WATCH_PATH, (stream, message) => this.#watch(stream, message, health)],
    ])
  }

  #watch(stream: ServerHttp2Stream, message: Buffer, health: Health): void {
    const tell = (response: Buffer) => {
      if (isGone(stream) || stream.writableEnded) return
      if (!stream.headersSent) begin(stream)
      stream.write(framed(response))
    }
    stream.on('wantTrailers', () => stream.sendTrailers(ENDED_TRAILERS))
    const stop = health.watch(message, tell)
    if (typeof stop !== 'function') return refuse(stream, stop)
    this.#watches.add(stream)
    stream.once('close', () => {
      this.#watches.delete(stream)
      stop()
    })
  }
}

function answerCheck(stream: ServerHttp2Stream, response: Promise<Buffer>): void {
  response.then(
    (bytes) => reply(stream, bytes),
    // `handle` never rejects; if it ever did, hanging would be worse than an error.
    () => refuse(stream, FAULT),
  )
}

function answer(stream: ServerHttp2Stream, response: Buffer | Refusal): void {
  if (Buffer.isBuffer(response)) reply(stream, response)
  else refuse(stream, response)
}
