import type { PeerCertificate } from 'node:tls'
import type { Caller } from '../model.ts'

const UNVERIFIED: Caller = { state: 'unverified', sans: [] }
const LOCAL: Caller = { state: 'local', sans: [] }

/** What grpc-js tells of the connection of a call. */
interface AuthContextSource {
  getAuthContext(): { readonly sslPeerCertificate?: PeerCertificate }
}

/**
 * Who asks: by the client certificate that the TLS handshake has verified. A Unix socket is guarded by its file
 * permissions instead.
 */
export function callerOf(call: AuthContextSource, listener: 'tcp' | 'unix'): Caller {
  if (listener === 'unix') return LOCAL
  const certificate = peerCertificateOf(call)
  if (!certificate) return UNVERIFIED
  return { state: 'verified', sans: sansOf(certificate.subjectaltname ?? '') }
}

function peerCertificateOf(call: AuthContextSource): PeerCertificate | null | undefined {
  try {
    return call.getAuthContext().sslPeerCertificate
  } catch {
    // The connection went away under the call: grpc-js then throws. Nobody will read the answer.
    return undefined
  }
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
