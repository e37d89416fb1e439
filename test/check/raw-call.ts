import {
  type ClientHttp2Session,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { CHECK_PATH } from '../../src/check/transport.ts'

/** A call as no gRPC library would let it be made. */
export interface RawCall {
  /** Over those of a good call; null leaves one out. */
  readonly headers?: Readonly<Record<string, string | null>>
  /** Each is sent as a DATA frame of its own; none: the HEADERS end the call. */
  readonly chunks?: readonly Buffer[]
  /** Leaves the call open after its chunks. */
  readonly isOpen?: true
}

/** What came back. */
export interface RawAnswer {
  readonly http: string | undefined
  readonly grpc: string | undefined
  readonly contentType: string | undefined
  /** The status came with the first and only HEADERS. */
  readonly isTrailersOnly: boolean
  readonly trailers: IncomingHttpHeaders
  readonly body: string
}

const GOOD = {
  ':method': 'POST',
  ':path': CHECK_PATH,
  'content-type': 'application/grpc',
  te: 'trailers',
}

/** The server's bounds are tested, not the client's. */
const UNBOUNDED = { maxSessionMemory: Number.MAX_SAFE_INTEGER }

/** `host:port` or `unix:/path`. */
export function openRaw(address: string): ClientHttp2Session {
  const path = address.startsWith('unix:') ? address.slice('unix:'.length) : undefined
  const session = path
    ? connect('http://localhost', { ...UNBOUNDED, createConnection: () => connectSocket(path) })
    : connect(`http://${address}`, UNBOUNDED)
  session.on('error', () => undefined)
  return session
}

export const goodHeaders = (over: RawCall['headers'] = {}): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries({ ...GOOD, ...over }).filter(([, value]) => value !== null))

/** A message with gRPC's prefix. */
export function prefixed(message: Buffer, flag = 0, length = message.length): Buffer {
  const prefix = Buffer.alloc(5)
  prefix[0] = flag
  prefix.writeUInt32BE(length, 1)
  return Buffer.concat([prefix, message])
}

/** @throws when the call is reset before it has an answer */
export async function rawCall(session: ClientHttp2Session, call: RawCall): Promise<RawAnswer> {
  const { chunks = [], isOpen = false } = call
  const stream = session.request(goodHeaders(call.headers), { endStream: chunks.length === 0 && !isOpen })
  const parts: Buffer[] = []
  let [first, last]: [IncomingHttpHeaders, IncomingHttpHeaders] = [{}, {}]
  let isTrailersOnly = false
  const ended = new Promise<void>((resolve, reject) => {
    stream.on('response', (headers, flags) => {
      first = headers
      isTrailersOnly = (flags & 1) !== 0
    })
    stream.on('trailers', (headers) => {
      last = headers
    })
    stream.on('data', (part: Buffer) => parts.push(part))
    stream.on('error', reject)
    // An answer that came before the call was at its end.
    stream.on('end', () => (first[':status'] === undefined ? undefined : resolve()))
    stream.on('close', () =>
      first[':status'] ? resolve() : reject(new Error(`reset with ${stream.rstCode}`)),
    )
  })
  const sent = send(stream, chunks, isOpen)
  await ended
  await sent
  stream.close()
  const trailers = isTrailersOnly ? first : last
  return {
    http: first[':status'] === undefined ? undefined : String(first[':status']),
    grpc: trailers['grpc-status'] as string | undefined,
    contentType: first['content-type'],
    isTrailersOnly,
    trailers,
    body: Buffer.concat(parts).toString('hex'),
  }
}

type Writable = ReturnType<ClientHttp2Session['request']>

async function send(stream: Writable, chunks: readonly Buffer[], isOpen: boolean): Promise<void> {
  for (const chunk of chunks) {
    if (stream.destroyed || stream.closed) return
    stream.write(chunk)
    // So that it becomes a frame of its own.
    await setImmediate()
  }
  if (!isOpen && !stream.destroyed) stream.end()
}
