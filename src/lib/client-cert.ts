import { Buffer } from 'node:buffer'

const MAX_LENGTH = 32 * 1024
const BYTE_SEQUENCE = /^:([A-Za-z0-9+/]+={0,2}):$/

/**
 * DER of the certificate in the `Client-Cert` header (RFC 9440 section 2.2): one Byte Sequence (RFC 9651 section
 * 3.3.5), standard base64 between colons. Undefined when absent, repeated, a list, or malformed.
 * @param lines every line of the header
 */
export function parseClientCert(lines: readonly string[]): Buffer | undefined {
  const [line] = lines
  if (line === undefined || lines.length > 1 || line.length > MAX_LENGTH) return undefined
  const [, base64] = BYTE_SEQUENCE.exec(line.trim()) ?? []
  if (base64 === undefined) return undefined
  const der = Buffer.from(base64, 'base64')
  return der.toString('base64') === base64 ? der : undefined
}
