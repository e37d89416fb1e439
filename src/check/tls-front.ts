import type { ServerOpts } from 'node:net'
import { createServer, type TLSSocket, type Server as TlsServer } from 'node:tls'
import type { Caller } from '../model.ts'
import { callerOf } from './caller.ts'
import type { ReloadingCertificates } from './certificates.ts'

/** A peer that opens connections and says nothing must not keep them. */
const HANDSHAKE_TIMEOUT_MS = 10_000

/**
 * TLS, mutual where there is a client CA, with certificates that follow their files.
 * @param take gets each connection whose handshake is over; its certificate was read this once
 */
export function createTlsFront(
  certificates: ReloadingCertificates,
  tcp: ServerOpts,
  take: (socket: TLSSocket, caller: Caller) => void,
): TlsServer {
  const { isMutual, material } = certificates
  const options = {
    ...tcp,
    ...material,
    requestCert: isMutual,
    rejectUnauthorized: isMutual,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    ALPNProtocols: ['h2'],
  }
  const front = createServer(options, (socket) => {
    socket.on('error', () => undefined)
    // Without it a client of HTTP/1.1 would be left waiting. A front that closes takes nobody any more.
    if (socket.alpnProtocol !== 'h2' || !front.listening) socket.destroy()
    else take(socket, callerOf(socket))
  })
  certificates.onChange((next) => front.setSecureContext(next))
  return front
}
