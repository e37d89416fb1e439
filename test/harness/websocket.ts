/** WebSockets by hand (RFC 6455): WebSocket clients do not show the answer to an upgrade that was refused. */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  request,
  type Server,
} from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { request as requestTls } from 'node:https'
import type { Duplex } from 'node:stream'
import type { RawRequest } from './http.ts'

/** An application that accepts every WebSocket and says in a first message which headers it came with. */
export interface SocketApp {
  /** Paths of everything that reached it, upgrades and other requests. */
  readonly seen: string[]
  stop(): Promise<void>
}

/** Starts one on this port of 127.0.0.1. @param answer to requests that are no upgrades */
export async function startSocketApp(port: number, answer: RequestListener = refuse): Promise<SocketApp> {
  const seen: string[] = []
  const sockets = new Set<Duplex>()
  const server: Server = createServer((asked, response) => {
    seen.push(asked.url ?? '')
    answer(asked, response)
  })
  server.on('upgrade', (asked: IncomingMessage, socket: Duplex) => {
    seen.push(asked.url ?? '')
    sockets.add(socket)
    socket.on('error', () => undefined).on('end', () => socket.end())
    const accept = createHash('sha1').update(`${asked.headers['sec-websocket-key']}${GUID}`).digest('base64')
    const lines = ['connection: Upgrade', 'upgrade: websocket', `sec-websocket-accept: ${accept}`]
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`)
    socket.write(textFrame(JSON.stringify(asked.headers)))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const stop = async () => {
    for (const socket of sockets) socket.destroy()
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
  return { seen, stop }
}

const refuse: RequestListener = (_asked, response) => void response.end('no WebSocket')

/** RFC 6455 section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** One whole text message, as a server sends it (RFC 6455 section 5.2). */
function textFrame(text: string): Buffer {
  const data = Buffer.from(text)
  const length = data.length < 126 ? [data.length] : [126, data.length >> 8, data.length & 0xff]
  return Buffer.concat([Buffer.from([0x81, ...length]), data])
}

/** The first message, without the two or four bytes before it. */
const messageOf = (frame: Buffer): string => frame.subarray((frame[1] ?? 0) === 126 ? 4 : 2).toString('utf8')

/** What came back to an upgrade. */
export interface Upgraded {
  /** 101, or 200 over HTTP/2, where it is open. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The body of a refusal. */
  readonly body: string
  /** The headers with which the application saw the upgrade, where it is open. */
  readonly seen: Record<string, string> | undefined
}

/** Asks for a WebSocket over HTTP/1.1, and closes it after its first message. */
export async function openWebSocket({ port, path = '/', headers = [], tls }: RawRequest): Promise<Upgraded> {
  const given = [
    ['host', 'api.example.com'],
    ['connection', 'Upgrade'],
    ['upgrade', 'websocket'],
    ['sec-websocket-version', '13'],
    ['sec-websocket-key', randomBytes(16).toString('base64')],
    ...headers,
  ]
  const options = { host: '127.0.0.1', port, path, headers: given.flat(), agent: false, setHost: false }
  const bounded = { ...options, signal: AbortSignal.timeout(10_000) }
  const sent = tls ? requestTls({ ...bounded, servername: 'localhost', ...tls }) : request(bounded)
  sent.end()
  const arrived = await Promise.race([once(sent, 'upgrade'), once(sent, 'response')])
  const [response, socket, head] = arrived as [IncomingMessage, Duplex?, Buffer?]
  const { statusCode: status = 0, headers: told } = response
  if (socket === undefined || head === undefined)
    return { status, headers: told, body: await textOf(response), seen: undefined }
  const frame = head.length > 0 ? head : (await once(socket, 'data'))[0]
  socket.destroy()
  return { status, headers: told, body: '', seen: JSON.parse(messageOf(frame)) }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

/** Asks for one over HTTP/2 (RFC 8441), which the peer must have announced. */
export async function openWebSocket2({ port, path = '/', headers = [], tls }: RawRequest): Promise<Upgraded> {
  const scheme = tls ? 'https' : 'http'
  const session = connectHttp2(`${scheme}://127.0.0.1:${port}`, { servername: 'localhost', ...tls })
  try {
    await once(session, 'remoteSettings')
    const pseudo = { ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': scheme, ':path': path }
    const fields = { ...pseudo, ':authority': 'api.example.com', 'sec-websocket-version': '13' }
    const stream = session.request(
      { ...fields, ...Object.fromEntries(headers) },
      { endStream: false, signal: AbortSignal.timeout(10_000) },
    )
    const [answered] = await once(stream, 'response')
    const status = Number(answered[':status'])
    const [first] = await once(stream, 'data')
    const isOpen = status === 200
    const body = isOpen ? '' : String(first)
    return { status, headers: answered, body, seen: isOpen ? JSON.parse(messageOf(first)) : undefined }
  } finally {
    session.destroy()
  }
}
