/** Target URIs as RFC 9449 section 4.3 check 9 compares them. By hand: URL parsers turn `\` into `/` and know no %7E. */

export interface Target {
  /** `scheme://host[:port]`, lower case, without the scheme's default port. */
  readonly origin: string
  readonly path: string
}

const MAX_LENGTH = 8_192
/** Printable ASCII without space and backslash. RFC 3986 knows no other characters; WHATWG reads `\` as `/`. */
const PLAIN = /^[\x21-\x5b\x5d-\x7e]+$/
const PARTS = /^(https?):\/\/([^/?#]+)([^?#]*)/i
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[^:[\]@]+)(?::(\d{0,5}))?$/i
const DEFAULT_PORT: Readonly<Record<string, string>> = { http: '80', https: '443' }
const UNRESERVED = /^[A-Za-z0-9\-._~]$/

/**
 * Splits an absolute http(s) URI and normalises it by RFC 3986 sections 6.2.2 and 6.2.3; query and fragment are
 * dropped. Undefined for anything that two parsers could read in two ways: user information, backslash, controls,
 * spaces, characters beyond ASCII, broken percent-encoding.
 */
export function parseTarget(uri: string): Target | undefined {
  if (uri.length > MAX_LENGTH || !PLAIN.test(uri)) return undefined
  const [, scheme = '', authority = '', rawPath = ''] = PARTS.exec(uri) ?? []
  const [, host, port = ''] = AUTHORITY.exec(authority) ?? []
  const path = normalizePath(rawPath === '' ? '/' : rawPath)
  if (host === undefined || path === undefined) return undefined
  const protocol = scheme.toLowerCase()
  const suffix = port === '' || port === DEFAULT_PORT[protocol] ? '' : `:${port}`
  return { origin: `${protocol}://${host.toLowerCase()}${suffix}`, path }
}

/**
 * An absolute path with unreserved characters decoded, other percent-encodings in upper case and dot segments removed
 * (RFC 3986 section 6.2.2). Empty segments stay: `//a` is not `/a`. Undefined when it is not an absolute path or
 * a percent-encoding is broken.
 */
export function normalizePath(path: string): string | undefined {
  if (!path.startsWith('/') || !PLAIN.test(path)) return undefined
  const decoded = path.includes('%') ? normalizeEncoding(path) : path
  return decoded?.includes('/.') ? removeDotSegments(decoded) : decoded
}

function normalizeEncoding(path: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) return undefined
  return path.replace(/%[0-9A-Fa-f]{2}/g, (encoded) => {
    const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16))
    return UNRESERVED.test(character) ? character : encoded.toUpperCase()
  })
}

/** RFC 3986 section 5.2.4 for a path that starts with `/`. */
function removeDotSegments(path: string): string {
  const kept: string[] = []
  const segments = path.slice(1).split('/')
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
    if (isLast && (segment === '.' || segment === '..')) kept.push('')
  }
  return `/${kept.join('/')}`
}

/** Whether this `host[:port]` is that of the origin; it may still carry the scheme's default port. */
export function isAuthorityOf(origin: string, authority: string): boolean {
  if (origin.endsWith(`//${authority}`)) return true
  const scheme = origin.slice(0, origin.indexOf(':'))
  return parseTarget(`${scheme}://${authority}`)?.origin === origin
}

/** The one of these origins that a request for this authority asked for. */
export const originNamed = (origins: Iterable<string>, authority: string): string | undefined => {
  for (const origin of origins) if (isAuthorityOf(origin, authority)) return origin
  return undefined
}
