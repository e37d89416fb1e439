import { Buffer } from 'node:buffer'

const BEGIN = '-----BEGIN CERTIFICATE-----'
const END = '-----END CERTIFICATE-----'
/** Ordinary leaves have one or two thousand characters. */
const MAX_LENGTH = 32 * 1024
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

/**
 * DER of the first certificate of a PEM text (RFC 7468 section 5); what follows it is not looked at. Undefined when the text
 * does not begin with one, or is longer than 32 KiB. By hand: blanks may stand everywhere in it, and a pattern that says
 * so tries all ways to share them out.
 */
export function firstCertificate(text: string): Buffer | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const start = text.trimStart()
  const end = start.indexOf(END)
  if (!start.startsWith(BEGIN) || end < 0) return undefined
  const body = start.slice(BEGIN.length, end)
  const base64 = body.replace(/\s+/g, '')
  return /^\s/.test(body) && BASE64.test(base64) ? Buffer.from(base64, 'base64') : undefined
}
