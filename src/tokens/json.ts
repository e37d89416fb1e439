/** JSON read strictly: what RFC 7515 section 4 and RFC 7519 section 4 leave to the reader is refused here. */

export type JsonFlaw = 'syntax' | 'not-object' | 'depth' | 'duplicate' | 'surrogate'

export type StrictJson =
  | { readonly ok: true; readonly value: Record<string, unknown> }
  | { readonly ok: false; readonly flaw: JsonFlaw }

/**
 * Parses one JSON object. Member names are compared after decoding their escapes, so `"a"` and `"\u0061"` are the
 * same member; a lone surrogate is refused because two different ones would become the same bytes when hashed.
 * @param maxDepth levels of nesting allowed, the object itself being the first
 */
export function parseStrictObject(text: string, maxDepth: number): StrictJson {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { ok: false, flaw: 'syntax' }
  }
  if (!isPlainObject(value)) return { ok: false, flaw: 'not-object' }
  const flaw = findFlaw(text, maxDepth)
  return flaw === undefined ? { ok: true, value } : { ok: false, flaw }
}

/** A JSON object: neither null nor an array. */
export const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Where the scanner stands: one entry per open bracket, the names seen so far if it is an object. */
interface Scan {
  readonly open: (Set<string> | undefined)[]
  isName: boolean
}

/** Walks text that `JSON.parse` has accepted, so that only strings and brackets need to be told apart. */
function findFlaw(text: string, maxDepth: number): JsonFlaw | undefined {
  const scan: Scan = { open: [], isName: false }
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '"') {
      const end = endOfString(text, at)
      const flaw = stringFlaw(text.slice(at, end + 1), scan)
      if (flaw !== undefined) return flaw
      at = end
    } else if (char !== undefined && structure(char, scan) && scan.open.length > maxDepth) {
      return 'depth'
    }
  }
  return undefined
}

/** @returns true when a bracket was opened */
function structure(char: string, scan: Scan): boolean {
  switch (char) {
    case '{':
      scan.open.push(new Set())
      scan.isName = true
      return true
    case '[':
      scan.open.push(undefined)
      scan.isName = false
      return true
    case '}':
    case ']':
      scan.open.pop()
      scan.isName = false
      return false
    case ',':
      scan.isName = scan.open.at(-1) !== undefined
      return false
    case ':':
      scan.isName = false
      return false
    default:
      return false
  }
}

/** Index of the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text[end - 1 - slashes] === '\\') slashes++
    if (slashes % 2 === 0) return end
  }
}

function stringFlaw(quoted: string, scan: Scan): JsonFlaw | undefined {
  const isEscaped = quoted.includes('\\')
  if (!isEscaped && !scan.isName) return undefined
  const text: string = isEscaped ? JSON.parse(quoted) : quoted.slice(1, -1)
  if (isEscaped && !text.isWellFormed()) return 'surrogate'
  const names = scan.isName ? scan.open.at(-1) : undefined
  if (names?.has(text)) return 'duplicate'
  names?.add(text)
  return undefined
}
