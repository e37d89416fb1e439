/** The header x-forwarded-client-cert (Envoy, HTTP header manipulation). Newest element last. */

/** One hop's word on the certificate of its client; names in lower case, values unquoted. */
export type XfccElement = ReadonlyMap<string, readonly string[]>

const MAX_LENGTH = 64 * 1024
const KEY = /^[A-Za-z]+$/
/** These name one thing: a second one in the same element is a contradiction. */
const SINGLE: ReadonlySet<string> = new Set(['hash', 'cert', 'chain', 'subject'])

interface Token {
  readonly value: string
  /** Index of the delimiter after the value, or the length of the text. */
  readonly end: number
}

/**
 * Parses all elements. Elements are split by `,`, pairs by `;`, key and value by the first `=`; a value that starts
 * with `"` runs to the next unescaped `"`. Undefined when any of it is malformed: with a quote left open by an
 * earlier hop nobody can say where the last element begins.
 */
export function parseXfcc(text: string): readonly XfccElement[] | undefined {
  if (text.length === 0 || text.length > MAX_LENGTH) return undefined
  const elements: XfccElement[] = []
  let element = new Map<string, string[]>()
  let at = 0
  while (at <= text.length) {
    const equals = text.indexOf('=', at)
    if (equals < 0) return undefined
    const token = readValue(text, equals + 1)
    if (token === undefined) return undefined
    if (!addPair(element, text.slice(at, equals).trim(), token.value)) return undefined
    if (text[token.end] !== ';') {
      elements.push(element)
      element = new Map()
    }
    at = token.end + 1
  }
  return elements
}

/** The element that the newest hop wrote, over all lines of the header in their order. */
export function lastXfccElement(lines: readonly string[]): XfccElement | undefined {
  return parseXfcc(lines.join(','))?.at(-1)
}

function addPair(element: Map<string, string[]>, key: string, value: string): boolean {
  if (!KEY.test(key)) return false
  const name = key.toLowerCase()
  const values = element.get(name)
  if (values === undefined) element.set(name, [value])
  else if (SINGLE.has(name)) return false
  else values.push(value)
  return true
}

function readValue(text: string, start: number): Token | undefined {
  if (text[start] === '"') return readQuoted(text, start + 1)
  let end = start
  while (end < text.length && text[end] !== ';' && text[end] !== ',') {
    if (text[end] === '"') return undefined
    end += 1
  }
  return { value: text.slice(start, end).trim(), end }
}

function readQuoted(text: string, start: number): Token | undefined {
  let value = ''
  for (let at = start; at < text.length; at += 1) {
    const character = text[at]
    if (character === '\\' && (text[at + 1] === '"' || text[at + 1] === '\\')) {
      at += 1
      value += text[at]
    } else if (character === '"') {
      return endOfQuoted(text, at + 1, value)
    } else {
      value += character
    }
  }
  return undefined
}

/** Only a delimiter may follow a closing quote; anything else is a quote that came from inside a value. */
function endOfQuoted(text: string, after: number, value: string): Token | undefined {
  const isDelimited = after === text.length || text[after] === ';' || text[after] === ','
  return isDelimited ? { value, end: after } : undefined
}
