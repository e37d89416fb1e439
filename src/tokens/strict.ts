import { Buffer, isUtf8 } from 'node:buffer'
import { type Result, refused } from '../identity/contract.ts'
import { type JsonFlaw, parseStrictObject } from './json.ts'

/** A compact JWS whose form has been checked and whose signature has not. */
export interface ParsedJws {
  readonly header: Record<string, unknown>
  readonly claims: Record<string, unknown>
  /** The first two segments with their dot: what the signature covers. */
  readonly signingInput: string
  /** The third segment, canonical base64url. */
  readonly signature: string
}

export interface CompactLimits {
  /** Characters of the whole compact form. */
  readonly maxBytes: number
  /** Levels of nesting in the header and in the claims. */
  readonly maxDepth: number
}

/** JWT-17. */
export const COMPACT_LIMITS: CompactLimits = { maxBytes: 16 * 1024, maxDepth: 8 }

/** Told of a token that is too large. */
export const sizeOf = (token: string, { maxBytes }: CompactLimits): string =>
  `${token.length} characters; ${maxBytes} are allowed`

const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/**
 * The gate that stands before any cryptography, because JOSE libraries accept white space inside segments, unused
 * bits that are not zero and repeated members: size (JWT-17), format (JWT-01), canonical base64url (JWT-02), UTF-8
 * (JWT-14), JSON objects without duplicate members (JWT-13). Never throws; refusals never quote the token.
 * @param token a compact JWS (RFC 7515 section 7.1), as it stood in the header field
 */
export function parseCompact(token: string, limits: CompactLimits = COMPACT_LIMITS): Result<ParsedJws> {
  if (token.length > limits.maxBytes) return refused('identity.token.oversized', sizeOf(token, limits))
  if (!COMPACT.test(token)) return refused('identity.token.malformed', 'not three base64url segments')
  const firstDot = token.indexOf('.')
  const lastDot = token.lastIndexOf('.')
  const signature = token.slice(lastDot + 1)
  if (decodeCanonical(signature) === undefined) {
    return refused('identity.token.malformed', 'the signature is not canonical base64url')
  }
  const header = parseSegment(token.slice(0, firstDot), 'header', limits)
  if (!header.ok) return header
  const claims = parseSegment(token.slice(firstDot + 1, lastDot), 'claims', limits)
  if (!claims.ok) return claims
  return {
    ok: true,
    value: {
      header: header.value,
      claims: claims.value,
      signingInput: token.slice(0, lastDot),
      signature,
    },
  }
}

/** Bytes of unpadded base64url, or undefined when another text encodes the same bytes (RFC 7515 section 2). */
export function decodeCanonical(segment: string): Buffer | undefined {
  const bytes = Buffer.from(segment, 'base64url')
  return bytes.toString('base64url') === segment ? bytes : undefined
}

const FLAWS: Readonly<Record<JsonFlaw, string>> = {
  syntax: 'not JSON',
  'not-object': 'not a JSON object',
  depth: 'nested too deep',
  duplicate: 'a member twice',
  surrogate: 'a lone surrogate',
}

function parseSegment(
  segment: string,
  part: 'header' | 'claims',
  limits: CompactLimits,
): Result<Record<string, unknown>> {
  const bytes = decodeCanonical(segment)
  if (bytes === undefined) {
    return refused('identity.token.malformed', `${part}: not canonical base64url`)
  }
  if (!isUtf8(bytes)) return refused('identity.token.malformed', `${part}: not UTF-8`)
  // Buffer keeps a byte order mark where TextDecoder drops it, so JSON.parse refuses it as RFC 8259 section 8.1 allows.
  const parsed = parseStrictObject(bytes.toString('utf8'), limits.maxDepth)
  if (parsed.ok) return parsed
  const failure = parsed.flaw === 'duplicate' ? 'identity.token.duplicate-member' : 'identity.token.malformed'
  return refused(failure, `${part}: ${FLAWS[parsed.flaw]}`)
}
