/**
 * Splits and judges a `:path` by hand. `new URL()` is never used on it: it reads `//admin/x` as a host, turns `\`
 * into `/` and resolves dot segments, so that the policy would see another path than the upstream (CVE-2026-26205).
 */

export interface SplitPath {
  readonly path: string
  readonly hasQuery: boolean
  readonly hasQueryToken: boolean
  /** The path could be read in two ways by two parsers. */
  readonly isHostile: boolean
}

const OUTSIDE_VISIBLE_ASCII = /[^\x21-\x7e]/
const ENCODED_CONTROL = /%(?:[01][0-9a-f]|7f)/i
const BROKEN_ESCAPE = /%(?![0-9a-fA-F]{2})/
/** `.` and `..` as whole segments, plain or percent-encoded; a `;parameter` behind them does not hide them. */
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?=\/|;|$)/i

/** @param raw the `:path` pseudo header, query included. */
export function splitPath(raw: string): SplitPath {
  const mark = raw.indexOf('?')
  const path = mark === -1 ? raw : raw.slice(0, mark)
  const query = mark === -1 ? '' : raw.slice(mark + 1)
  return {
    path,
    hasQuery: mark !== -1,
    hasQueryToken: namesToken(query),
    isHostile: isHostile(path) || raw.includes('#'),
  }
}

function isHostile(path: string): boolean {
  if (!path.startsWith('/') || path.includes('\\')) return true
  if (OUTSIDE_VISIBLE_ASCII.test(path)) return true
  if (path.includes('%') && (ENCODED_CONTROL.test(path) || BROKEN_ESCAPE.test(path))) return true
  return DOT_SEGMENT.test(path)
}

/** RFC 6750 section 2.3: the query parameter `access_token`, however its name is spelt. */
function namesToken(query: string): boolean {
  if (query === '') return false
  return query.split(/[&;]/).some((pair) => decodeName(pair.split('=', 1)[0] ?? '') === 'access_token')
}

function decodeName(name: string): string {
  if (!name.includes('%')) return name
  try {
    return decodeURIComponent(name)
  } catch {
    // Not a name that any server would read as access_token.
    return name
  }
}
