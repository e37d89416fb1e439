import { once } from 'node:events'
import { type RequestOptions, request as requestPlain } from 'node:http'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { request as requestTls } from 'node:https'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** PEM texts for a TLS connection; `cert` and `key` only for a client certificate. */
export type ClientTls = { ca: string; cert?: string; key?: string; servername?: string }

/** One request, sent as it stands: no path is parsed, no header added but `host` (HTTP/1.1, unless given). */
export type RawRequest = {
  port: number
  method?: string
  path?: string
  /** In order, repeats stay repeats. */
  headers?: readonly (readonly [string, string])[]
  body?: string | Uint8Array
  tls?: ClientTls
  timeoutMs?: number
}

/** What came back, as it came. */
export type RawResponse = {
  status: number
  /** Name and value in turn, in order, names as sent. */
  rawHeaders: string[]
  /** All values of one header. */
  values(name: string): string[]
  /** The only or first value of one header. */
  value(name: string): string | undefined
  body: string
}

const TIMEOUT_MS = 10_000

/** Sends over HTTP/1.1 on a connection of its own. */
export async function sendHttp1(request: RawRequest): Promise<RawResponse> {
  const headers = [...(request.headers ?? [])]
  if (!headers.some(([name]) => name.toLowerCase() === 'host')) headers.unshift(['host', 'api.example.com'])
  const body = request.body ?? ''
  const isSized = headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name))
  if (body.length > 0 && !isSized) headers.push(['content-length', String(Buffer.byteLength(body))])
  const options: RequestOptions = {
    host: '127.0.0.1',
    port: request.port,
    method: request.method ?? 'GET',
    path: request.path ?? '/',
    headers: headers.flat(),
    agent: false,
    setHost: false,
    signal: AbortSignal.timeout(request.timeoutMs ?? TIMEOUT_MS),
  }
  const sent = request.tls ? requestTls({ ...options, ...tlsOptions(request.tls) }) : requestPlain(options)
  sent.end(body)
  const [response] = await once(sent, 'response')
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return answer(response.statusCode ?? 0, response.rawHeaders, chunks)
}

/** Sends over HTTP/2 (prior knowledge without `tls`) on a session of its own; `:authority` may stand in `headers`. */
export async function sendHttp2(request: RawRequest): Promise<RawResponse> {
  const scheme = request.tls ? 'https' : 'http'
  const options = {
    ...(request.tls && tlsOptions(request.tls)),
    strictSingleValueFields: false, // else Node refuses a doubled authorization
  }
  const session = connectHttp2(`${scheme}://127.0.0.1:${request.port}`, options)
  try {
    return await sendOnSession(session, request, scheme)
  } finally {
    session.destroy()
  }
}

async function sendOnSession(session: ClientHttp2Session, request: RawRequest, scheme: string) {
  const given = request.headers ?? []
  const pseudo = new Map([
    [':method', request.method ?? 'GET'],
    [':scheme', scheme],
    [':authority', 'api.example.com'],
    [':path', request.path ?? '/'],
  ])
  for (const [name, value] of given) if (name.startsWith(':')) pseudo.set(name, value)
  const plain = given.filter(([name]) => !name.startsWith(':'))
  const stream = session.request([...[...pseudo].flat(), ...plain.flat()], {
    signal: AbortSignal.timeout(request.timeoutMs ?? TIMEOUT_MS),
  })
  const failed = once(session, 'error').then(([error]) => Promise.reject(error))
  failed.catch(() => undefined)
  stream.end(request.body)
  const [headers, , rawHeaders] = await Promise.race([once(stream, 'response'), failed])
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return answer(Number(headers[':status']), rawHeaders as string[], chunks)
}

/** Sends bytes as they are and returns everything that comes until the peer closes: for what no HTTP client would send. */
export async function sendBytes(port: number, bytes: string | Uint8Array, tls?: ClientTls): Promise<string> {
  const where = { port, host: '127.0.0.1' }
  const socket: Socket = tls ? connectTls({ ...where, ...tlsOptions(tls) }) : connect(where)
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no end within ${TIMEOUT_MS} ms`)))
  socket.write(bytes)
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('latin1')
}

/** Sends bytes as they are and returns the first line of the answer, without waiting for what the peer does afterwards. */
export async function firstLine(port: number, bytes: string, tls?: ClientTls): Promise<string> {
  const where = { port, host: '127.0.0.1' }
  const socket: Socket = tls ? connectTls({ ...where, ...tlsOptions(tls) }) : connect(where)
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)))
  try {
    socket.write(bytes)
    const [chunk] = await once(socket, 'data')
    return String(chunk).split('\r\n', 1)[0] ?? ''
  } finally {
    socket.on('error', () => undefined).destroy() // a peer that reads no further resets the connection
  }
}

function tlsOptions(tls: ClientTls) {
  return { servername: 'localhost', ...tls }
}

function answer(status: number, rawHeaders: string[], chunks: Buffer[]): RawResponse {
  const values = (name: string) =>
    rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name.toLowerCase())
  return {
    status,
    rawHeaders,
    values,
    value: (name) => values(name)[0],
    body: Buffer.concat(chunks).toString('utf8'),
  }
}
