/** Text of a record for a terminal or a page: whoever sent the request wrote part of it, and nothing in it may steer the reader. */

/** Controls (escape sequences begin with one), formats (which can turn the direction of writing), separators of lines. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/gu

const hex = (character: string): string => (character.codePointAt(0) ?? 0).toString(16)

/** The text in one line with everything that is not visible escaped (`\u{1b}`), at most `most` characters of it. */
export function printable(text: string, most = 300): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text
  return cut.replace(UNSEEN, (character) => `\\u{${hex(character)}}`)
}

/** JSON in one line, in which what is not visible is escaped as JSON does it: a terminal shows it, a parser reads the same. */
export function printableJson(value: unknown, indent?: number): string {
  const json = JSON.stringify(value, null, indent)
  return json.replace(UNSEEN, (character) => (character === '\n' ? '\n' : escaped(character)))
}

/** Characters beyond U+FFFF take two escapes (RFC 8259 section 7). */
const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, i) => `\\u${unit(character, i)}`).join('')

const unit = (character: string, i: number): string => character.charCodeAt(i).toString(16).padStart(4, '0')
