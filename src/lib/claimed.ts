/** Text for records about what a sender claims: short, and without anything that could steer whoever reads it. */

/** Characters of a claimed text at most, its escapes counted. */
const MOST = 128
/** How many of several names are told. */
const MOST_NAMES = 4
/** Controls, formats (which can turn the direction of writing), lone surrogates, private use, line separators. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}"\\]/u

/** The beginning of a compact JWS, wherever it stands: a header is an object, whose `{"` is `eyJ` in base64. */
const TOKEN = /eyJ[\w-]+\.[\w-]/

/** A claimed value in quotes, at most 128 characters between them; anything but a text is only told to be none. */
export function claimed(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value !== 'string') return 'something that is no text'
  return TOKEN.test(value) ? 'a text with a token in it' : `"${visible(value)}"`
}

/** Several claimed values; @param values anything but an array is taken for one value */
export function claimedAll(values: unknown): string {
  return Array.isArray(values) ? few(values, claimed) : claimed(values)
}

/** Names from configuration, as many of them as a sentence bears. */
export function configured(names: Iterable<string>): string {
  return few([...names], (name) => name)
}

/** A number of seconds, rounded up: what is a little over a limit reads as over it. */
export const seconds = (value: number): string => `${Math.ceil(value)} s`

function few<T>(values: readonly T[], tell: (value: T) => string): string {
  if (values.length === 0) return 'none'
  const told = values.slice(0, MOST_NAMES).map(tell).join(', ')
  return values.length > MOST_NAMES ? `${told} and ${values.length - MOST_NAMES} more` : told
}

function visible(text: string): string {
  let shown = ''
  for (const character of text) {
    const next = UNSEEN.test(character) ? escaped(character) : character
    if (shown.length + next.length >= MOST) return `${shown}…`
    shown += next
  }
  return shown
}

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}
