/**
 * Reads a few members of a JSON object without making values of the others, which is what `JSON.parse` spends its time
 * on over a long file of records (docs/performance.md). What is passed over is held to the grammar of RFC 8259 all the same.
 */

/** The members that are wanted of an object: all of a member, or what is wanted of the object that it is. */
export interface Wanted {
  /** By length and first byte of the name, which tell most names apart without making a text of them. */
  readonly hints: ReadonlySet<number>
  readonly members: ReadonlyMap<string, true | Wanted>
}

export function wanted(members: Readonly<Record<string, true | Wanted>>): Wanted {
  const hints = Object.keys(members).map((name) => hint(name.length, name.charCodeAt(0)))
  return { hints: new Set(hints), members: new Map(Object.entries(members)) }
}

const hint = (length: number, first: number | undefined): number => length * 256 + (first ?? 0)

export type Picked = Record<string, unknown>

/**
 * Reads JSON as programs write it: ASCII, no spaces, no escapes, no wanted member twice, not nested beyond reason.
 * @param text the same as `bytes`
 * @returns what `JSON.parse` makes of it, but only the wanted members; undefined where it is no object, no JSON or written
 *   otherwise: `JSON.parse` has to say which
 */
export function pick(text: string, bytes: Uint8Array, members: Wanted): Picked | undefined {
  // As many characters as bytes: an offset is the same in both.
  if (text.length !== bytes.length) return undefined
  const into: Picked = {}
  return pickEnd({ text, bytes }, 0, members, into) === bytes.length ? into : undefined
}

interface Source {
  readonly text: string
  readonly bytes: Uint8Array
}

/** Deeper than any record: functions that call each other must not do so as often as a file likes. */
const MAX_DEPTH = 50

const QUOTE = 34
const COMMA = 44
const COLON = 58
const BACKSLASH = 92
const OPEN_ARRAY = 91
const CLOSE_ARRAY = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125

// Each of these is given where something begins, and returns where it ends, or this where it is not that.
const BAD = -1

function pickEnd(source: Source, start: number, { hints, members }: Wanted, into: Picked): number {
  const { text, bytes } = source
  if (bytes[start] !== OPEN_OBJECT) return BAD
  let at = start
  do {
    const first = at + 2
    const colon = stringEnd(bytes, at + 1)
    if (colon === BAD || bytes[colon] !== COLON) return BAD
    const name = hints.has(hint(colon - 1 - first, bytes[first])) ? text.slice(first, colon - 1) : ''
    const want = members.get(name)
    if (want === undefined) at = valueEnd(bytes, colon + 1, 0)
    else if (Object.hasOwn(into, name)) return BAD
    else at = takeEnd(source, colon + 1, want, into, name)
    if (at === BAD) return BAD
  } while (bytes[at] === COMMA)
  return bytes[at] === CLOSE_OBJECT ? at + 1 : BAD
}

function takeEnd(source: Source, at: number, want: true | Wanted, into: Picked, name: string): number {
  const { text, bytes } = source
  if (want !== true) {
    const inner: Picked = {}
    into[name] = inner
    return pickEnd(source, at, want, inner)
  }
  const end = valueEnd(bytes, at, 0)
  if (end !== BAD)
    into[name] = bytes[at] === QUOTE ? text.slice(at + 1, end - 1) : JSON.parse(text.slice(at, end))
  return end
}

function valueEnd(bytes: Uint8Array, at: number, depth: number): number {
  switch (bytes[at]) {
    case QUOTE:
      return stringEnd(bytes, at)
    case OPEN_OBJECT:
      return objectEnd(bytes, at, depth)
    case OPEN_ARRAY:
      return arrayEnd(bytes, at, depth)
    default:
      return plainEnd(bytes, at)
  }
}

function stringEnd(bytes: Uint8Array, start: number): number {
  if (bytes[start] !== QUOTE) return BAD
  for (let at = start + 1; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === QUOTE) return at + 1
    if (byte < 32 || byte === BACKSLASH) return BAD
  }
  return BAD
}

function objectEnd(bytes: Uint8Array, start: number, depth: number): number {
  if (depth > MAX_DEPTH) return BAD
  if (bytes[start + 1] === CLOSE_OBJECT) return start + 2
  let at = start
  do {
    const colon = stringEnd(bytes, at + 1)
    if (colon === BAD || bytes[colon] !== COLON) return BAD
    at = valueEnd(bytes, colon + 1, depth + 1)
    if (at === BAD) return BAD
  } while (bytes[at] === COMMA)
  return bytes[at] === CLOSE_OBJECT ? at + 1 : BAD
}

function arrayEnd(bytes: Uint8Array, start: number, depth: number): number {
  if (depth > MAX_DEPTH) return BAD
  if (bytes[start + 1] === CLOSE_ARRAY) return start + 2
  let at = start
  do {
    at = valueEnd(bytes, at + 1, depth + 1)
    if (at === BAD) return BAD
  } while (bytes[at] === COMMA)
  return bytes[at] === CLOSE_ARRAY ? at + 1 : BAD
}

const [TRUE, FALSE, NULL] = ['true', 'false', 'null'].map((word) => Buffer.from(word))

function plainEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] === 116) return wordEnd(bytes, at, TRUE)
  if (bytes[at] === 102) return wordEnd(bytes, at, FALSE)
  if (bytes[at] === 110) return wordEnd(bytes, at, NULL)
  return numberEnd(bytes, at)
}

function wordEnd(bytes: Uint8Array, at: number, word: Uint8Array = new Uint8Array()): number {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return BAD
  return at + word.length
}

const MINUS = 45
const ZERO = 48
const DOT = 46

/** RFC 8259 section 6; an exponent, which times and counts have not, is among what is written otherwise. */
function numberEnd(bytes: Uint8Array, start: number): number {
  const first = bytes[start] === MINUS ? start + 1 : start
  const whole = bytes[first] === ZERO ? first + 1 : digitsEnd(bytes, first)
  if (whole === first) return BAD
  if (bytes[whole] !== DOT) return whole
  const end = digitsEnd(bytes, whole + 1)
  return end === whole + 1 ? BAD : end
}

function digitsEnd(bytes: Uint8Array, start: number): number {
  let at = start
  while (isDigit(bytes[at])) at++
  return at
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57
