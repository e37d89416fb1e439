import type { ContextSettings } from '../config/schema/context.ts'
import type { FailureCode } from '../errors.ts'

export type PathSettings = ContextSettings['paths']

const ENCODED_SLASH = /%2f|%5c/i
/** `.` and `..` as a whole segment, plain or escaped, also before `;` (`/..;/`) and between escaped slashes. */
const DOT_SEGMENT = /(?:\/|%2f|%5c)(?:\.|%2e){1,2}(?=\/|%2f|%5c|;|$)/i
const CONTROL = /[\x00-\x1f\x7f]/

/**
 * Paths that parsers read in different ways. Dot segments are refused always (RFC 3986 section 6.2.2.3 lets any
 * hop remove them), `;` and escaped slashes as configured. Control bytes, `%00` and `\` fall at the edge.
 */
export function pathRefusal(path: string, settings: PathSettings): FailureCode | undefined {
  if (settings.parameters === 'refuse' && path.includes(';')) return 'check.request.path'
  const isEscaped = path.includes('%')
  if (isEscaped && settings.encodedSlashes === 'refuse' && ENCODED_SLASH.test(path))
    return 'check.request.path'
  return (isEscaped || path.includes('/.')) && DOT_SEGMENT.test(path) ? 'check.request.path' : undefined
}

/**
 * The decoded segments behind the first slash; a trailing slash gives a last empty one. Undefined when the path
 * has no single reading: broken or non-UTF-8 escapes, empty or dot segments, escaped control characters, and
 * escaped slashes unless they are allowed. Each segment is decoded once, after splitting (RFC 3986 section 2.4).
 */
export function readSegments(path: string, settings: PathSettings): readonly string[] | undefined {
  if (!path.startsWith('/')) return undefined
  const segments = path.slice(1).split('/')
  const isEscaped = path.includes('%')
  const last = segments.length - 1
  for (let i = 0; i <= last; i++) {
    const raw = segments[i] ?? ''
    const segment = isEscaped ? decodeSegment(raw, settings) : raw
    if (segment === undefined || segment === '.' || segment === '..') return undefined
    if (segment === '' && i < last) return undefined
    segments[i] = segment
  }
  return segments
}

function decodeSegment(raw: string, settings: PathSettings): string | undefined {
  if (!raw.includes('%')) return raw
  if (settings.encodedSlashes === 'refuse' && ENCODED_SLASH.test(raw)) return undefined
  try {
    const segment = decodeURIComponent(raw)
    return CONTROL.test(segment) ? undefined : segment
  } catch {
    return undefined // Broken escapes have no reading, so the path stands for no action.
  }
}
