import type { TLSSocket } from 'node:tls'
import type { Caller } from '../model.ts'

/** A plaintext connection, or one without a client certificate. */
export const UNVERIFIED: Caller = Object.freeze({ state: 'unverified', sans: [] })
/** A Unix socket: it is guarded by its file permissions instead. */
export const LOCAL: Caller = Object.freeze({ state: 'local', sans: [] })

/** Who asks over a connection: by the client certificate that the TLS handshake has verified. */
export function callerOf(socket: Pick<TLSSocket, 'authorized' | 'getPeerX509Certificate'>): Caller {
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined
  if (certificate === undefined) return UNVERIFIED
  return { state: 'verified', sans: sansOf(certificate.subjectAltName ?? '') }
}

/** `URI:spiffe://a/b, DNS:c` -> values. Names that Node had to quote are nobody: they hold what no SAN should. */
export function sansOf(subjectAltName: string): readonly string[] {
  if (subjectAltName.includes('"')) return []
  return subjectAltName
    .split(', ')
    .filter((entry) => entry.startsWith('URI:') || entry.startsWith('DNS:'))
    .map((entry) => entry.slice(4))
}

/** Without a list every caller may ask; with one, only a verified caller with a listed SAN (or the Unix socket). */
export function isAllowed(caller: Caller, callers: readonly string[] | undefined): boolean {
  if (callers === undefined || caller.state === 'local') return true
  return caller.state === 'verified' && caller.sans.some((san) => callers.includes(san))
}
