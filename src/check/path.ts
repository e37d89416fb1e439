import { flatCopy } from '../lib/flat.ts'

/**
 * Splits and judges a `:path` by hand. `new URL()` is never used on it: it reads `//admin/x` as a host, turns `\`
 * into `/` and resolves dot segments, so that the policy would see another path than the upstream (CVE-2026-26205).
 */

export interface SplitPath {
  /** Ends at the first `?` or `#`: what stands behind either may be a secret. */
  readonly path: string
  /** What stands behind the first `?`; undefined without one. */
  readonly query: string | undefined
  readonly hasQueryToken: boolean
  /** The path could be read in two ways by two parsers. */
  readonly isHostile: boolean
}

const OUTSIDE_VISIBLE_ASCII = /[^\x21-\x7e]/
const CONTROL = /[\x00-\x20\x7f]/
const ENCODED_CONTROL = /%(?:[01][0-9a-f]|7f)/i
const BROKEN_ESCAPE = /%(?![0-9a-fA-F]{2})/
/** Overlong UTF-8: a lenient decoder reads `%c0%af` as `/` and `%e0%80%ae` as `.`. */
const OVERLONG = /%(?:c[01]|e0%[89]|f0%8)/i
/**
 * `.` and `..` as whole segments, plain or percent-encoded. A `;parameter` behind them does not hide them, and an
 * encoded slash bounds a segment too, also where `context.paths.encodedSlashes` allows one.
 */
const DOT_SEGMENT = /(?:\/|%2f|%5c)(?:\.|%2e){1,2}(?=\/|%2f|%5c|;|%3b|$)/i

/** @param raw the `:path` pseudo header, query included. */
export function splitPath(raw: string): SplitPath {
  const mark = raw.indexOf('?')
  const fragment = raw.indexOf('#')
  const end = mark === -1 || (fragment !== -1 && fragment < mark) ? fragment : mark
  const cut = end === -1 ? raw : raw.slice(0, end)
  const isHostilePath = isHostile(cut)
  // What is not hostile is visible ASCII.
  const path = end === -1 || isHostilePath ? cut : flatCopy(cut)
  const query = mark === -1 ? undefined : raw.slice(mark + 1)
  return {
    path,
    query,
    hasQueryToken: query !== undefined && namesToken(query),
    isHostile: isHostilePath || fragment !== -1 || (query !== undefined && CONTROL.test(query)),
  }
}

function isHostile(path: string): boolean {
  if (!path.startsWith('/') || path.includes('\\')) return true
  if (OUTSIDE_VISIBLE_ASCII.test(path)) return true
  if (path.includes('%')) {
    if (ENCODED_CONTROL.test(path) || BROKEN_ESCAPE.test(path) || OVERLONG.test(path)) return true
  }
  return DOT_SEGMENT.test(path)
}

/**
 * RFC 6750 section 2.3: the query parameter `access_token`, however its name is spelt. Servers differ in what they
 * take for that name (case, `access.token`, `access_token[]`), and the upstream must not see a token that was not judged.
 */
function namesToken(query: string): boolean {
  // Nearly always: no name can be it, however it is decoded, and nothing has to be cut.
  if (!MAY_NAME_TOKEN.test(query)) return false
  return query.split(/[&;]/).some((pair) => TOKEN_NAME.test(decodeName(pair.split('=', 1)[0] ?? '')))
}

const MAY_NAME_TOKEN = /access|%/i
const TOKEN_NAME = /^\s*access[_. ]token(?:$|[[\0])/i

function decodeName(name: string): string {
  const spaced = name.includes('+') ? name.replaceAll('+', ' ') : name
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    // Not a name that any server would read as access_token.
    return spaced
  }
}
