import { once } from 'node:events'
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'

/** An ext_authz service in raw bytes: proves a bootstrap without the product and without protobuf. */
export type StubAuthz = {
  /** What the next checks are told: a word, the bytes of a CheckResponse, a gRPC error, or nothing at all. */
  verdict: keyof typeof ANSWERS | Buffer | 'error' | 'hang'
  /** How long the next checks take. */
  delayMs: number
  /** The CheckRequests so far, as latin1 text: header names and values can be searched in it. */
  checks: string[]
  stop(): Promise<void>
}

/** protobuf, written by hand. */
const ANSWERS = {
  /** CheckResponse { status {} }: an explicit OK. */
  allow: Buffer.from([0x0a, 0x00]),
  /** CheckResponse { status { code: 7 } }. */
  deny: Buffer.from([0x0a, 0x02, 0x08, 0x07]),
}

/** HealthCheckResponse { status: SERVING }. */
const SERVING = Buffer.from([0x08, 0x01])

/** Starts the stub on this port of 127.0.0.1. */
export async function startStubAuthz(port: number): Promise<StubAuthz> {
  const server = createServer()
  const stub: StubAuthz = { verdict: 'deny', delayMs: 0, checks: [], stop: stopper(server) }
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => undefined) // Envoy may hang up at any time
    void serve(stream, headers[':path'] ?? '', stub)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return stub
}

async function serve(stream: ServerHttp2Stream, path: string, stub: StubAuthz): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  if (path === '/grpc.health.v1.Health/Check') return answer(stream, SERVING)
  stub.checks.push(Buffer.concat(chunks).toString('latin1'))
  const { verdict, delayMs } = stub
  if (delayMs > 0) await sleep(delayMs)
  if (verdict === 'hang') return
  if (verdict === 'error') return fail(stream)
  answer(stream, typeof verdict === 'string' ? ANSWERS[verdict] : verdict)
}

/** Trailers-only: grpc-status 13, INTERNAL. */
function fail(stream: ServerHttp2Stream): void {
  if (stream.destroyed) return
  const headers = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '13' }
  stream.respond(headers, { endStream: true })
}

/** One gRPC message: not compressed, length, bytes; then the trailers that end a good call. */
function answer(stream: ServerHttp2Stream, message: Buffer): void {
  if (stream.destroyed) return
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(message.length, 1)
  stream.end(Buffer.concat([frame, message]))
}

function stopper(server: Http2Server): () => Promise<void> {
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => sessions.add(session))
  return async () => {
    for (const session of sessions) session.destroy()
    if (server.listening) await new Promise((done) => server.close(done))
  }
}
