import { createServer, type TLSSocket, type Server as TlsServer } from 'node:tls'
import { type Server, ServerCredentials } from '@grpc/grpc-js'
import { splitListen } from '../lib/listen.ts'
import type { Caller } from '../model.ts'
import { callerOf } from './caller.ts'
import type { ReloadingCertificates } from './certificates.ts'
import type { Listener } from './listener.ts'

/** A peer that opens connections and says nothing must not keep them. */
const HANDSHAKE_TIMEOUT_MS = 10_000

/**
 * TLS in front of grpc-js, with a gRPC server for each connection. So who calls is read once from the handshake: grpc-js
 * itself would parse the certificate again for every call, which costs more than the decision. And a caller cannot be
 * mistaken for another, because nothing is looked up by address.
 * @param serverFor makes the gRPC server of a connection of this caller
 */
export async function listenTls(
  listen: string,
  certificates: ReloadingCertificates,
  serverFor: (caller: Caller) => Server,
): Promise<Listener> {
  const open = new Map<TLSSocket, Server>()
  const { isMutual, material } = certificates
  const options = {
    requestCert: isMutual,
    rejectUnauthorized: isMutual,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  }
  const front = createServer({ ...options, ...material, ALPNProtocols: ['h2'] }, (socket) => {
    // Without it a client of HTTP/1.1 would be left waiting.
    if (socket.alpnProtocol !== 'h2') socket.destroy()
    else serve(socket, serverFor(callerOf(socket)), open)
  })
  certificates.onChange((next) => front.setSecureContext(next))
  const address = await bind(front, listen)
  return {
    address,
    close: async (timeoutMs) => {
      front.close()
      await Promise.all([...open].map((connection) => end(connection, timeoutMs)))
    },
  }
}

function serve(socket: TLSSocket, server: Server, open: Map<TLSSocket, Server>): void {
  open.set(socket, server)
  socket.once('close', () => {
    open.delete(socket)
    server.forceShutdown()
  })
  server.createConnectionInjector(ServerCredentials.createInsecure()).injectConnection(socket)
}

/** The connection is ours: of one that it was given, grpc-js says at once that it has ended, and never cuts it. */
function end([socket, server]: readonly [TLSSocket, Server], timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.destroy(), timeoutMs)
    socket.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
    server.tryShutdown(() => undefined)
  })
}

function bind(front: TlsServer, listen: string): Promise<string> {
  const [host, port] = splitListen(listen)
  return new Promise((resolve, reject) => {
    front.once('error', (error) => reject(new Error(`cannot listen on ${listen}: ${error.message}`)))
    front.listen(port, host, () => {
      const bound = front.address()
      const at = typeof bound === 'object' && bound !== null ? bound.port : port
      resolve(listen.replace(/:\d+$/, `:${at}`))
    })
  })
}
