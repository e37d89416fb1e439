import { createServer, type Server, type Socket } from 'node:net'
import { splitListen } from '../lib/listen.ts'
import type { Caller } from '../model.ts'
import type { Log } from '../ports.ts'
import { LOCAL, UNVERIFIED } from './caller.ts'
import type { ReloadingCertificates } from './certificates.ts'
import { createTlsFront } from './tls-front.ts'
import type { Connection, Transport } from './transport.ts'

/** A place where checks arrive. */
export interface Listener {
  /** `host:port` or `unix:/path` that was bound. */
  readonly address: string
  /** Takes no new calls, lets the ones in flight finish, and cuts what is left after the timeout. */
  close(timeoutMs: number): Promise<void>
}

/** Finds peers that went away without a word. */
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelay: 60_000, noDelay: true }

/**
 * Takes connections, learns once whose they are, and hands them to the transport.
 * @param certificates absent: plaintext; a Unix socket has none in any case
 * @throws when the address cannot be bound, naming it
 */
export async function openListener(
  listen: string,
  certificates: ReloadingCertificates | undefined,
  transport: Transport,
  log: Log,
): Promise<Listener> {
  const isUnix = listen.startsWith('unix:')
  const open = new Map<Socket, Connection>()
  const take = (socket: Socket, caller: Caller) => {
    if (socket.destroyed) return
    socket.once('close', () => open.delete(socket))
    open.set(socket, transport.serve(socket, caller))
  }
  const front =
    isUnix || certificates === undefined
      ? createServer(KEEP_ALIVE, (socket) => take(socket, isUnix ? LOCAL : UNVERIFIED))
      : createTlsFront(certificates, KEEP_ALIVE, take)
  const raw = trackSockets(front)
  const address = await bind(front, listen)
  front.on('error', ({ message }) => log.warn('taking a connection failed', { listen, reason: message }))
  return {
    address,
    close: async (timeoutMs) => {
      const closed = new Promise((resolve) => front.close(resolve))
      await endAll(open, timeoutMs)
      // What is left has not come to an end of its handshake.
      for (const socket of raw) socket.destroy()
      await closed
    },
  }
}

/** Every socket that was accepted and is not closed, under TLS the one below it. */
function trackSockets(front: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>()
  front.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    // Whoever reads from it handles its errors; before and after there is nobody else.
    socket.on('error', () => undefined)
  })
  return sockets
}

async function endAll(open: ReadonlyMap<Socket, Connection>, timeoutMs: number): Promise<void> {
  const timer = setTimeout(() => {
    for (const socket of open.keys()) socket.destroy()
  }, timeoutMs)
  const ends = [...open].map(([socket, connection]) => {
    const end = new Promise((resolve) => socket.once('close', resolve))
    connection.drain()
    return end
  })
  await Promise.all(ends)
  clearTimeout(timer)
}

/** @returns the address with the port that was given, where the settings left it open */
function bind(front: Server, listen: string): Promise<string> {
  const [host, port] = splitListen(listen)
  const place = listen.startsWith('unix:') ? { path: listen.slice('unix:'.length) } : { host, port }
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(new Error(`cannot listen on ${listen}: ${error.message}`))
    front.once('error', fail)
    front.listen(place, () => {
      front.off('error', fail)
      const bound = front.address()
      const at = typeof bound === 'object' && bound !== null ? bound.port : undefined
      resolve(at === undefined ? listen : listen.replace(/:\d+$/, `:${at}`))
    })
  })
}
