/**
 * The `Cookie` header as all of its readers together take it (RFC 6265 section 5.4 and what came before it): some split at
 * commas, some drop odd characters around a name, some compare prefixes without case (RFC 6265bis section 4.1.3).
 */

/** Whatever a reader could take for a cookie. */
export interface CookiePart {
  readonly name: string
  readonly value: string
  /** Nobody could find it elsewhere: it has a value and stands behind no comma. */
  readonly isWhole: boolean
}

const MAX_LENGTH = 64 * 1024
/** Browsers send some hundred cookies to a site, and commas stand in a few of them; each part costs work. */
const MAX_PARTS = 2048

/** Why cookies are too many to be looked at one by one, in words; undefined: they are not. */
export function excessOf(text: string): string | undefined {
  if (text.length > MAX_LENGTH) return `they are longer than ${MAX_LENGTH} characters`
  let parts = 1
  for (let i = 0; i < text.length; i++) if (text[i] === ';' || text[i] === ',') parts++
  return parts > MAX_PARTS ? `they have more than ${MAX_PARTS} parts` : undefined
}

/** @param text of which `excessOf` says nothing */
export const cookieParts = (text: string): CookiePart[] => text.split(';').flatMap(partsOf)

/** One pair as the standard knows it, which some split again. */
function partsOf(pair: string): CookiePart[] {
  return pair.split(',').map((part, i) => {
    const equals = part.indexOf('=')
    const name = equals < 0 ? part : part.slice(0, equals)
    return {
      name: withoutBlanks(name),
      value: part.slice(equals + 1).trim(),
      isWhole: i === 0 && equals >= 0,
    }
  })
}

/** RFC 9110 section 5.6.3 knows two blanks, `trim` many. By hand: a pattern with an end looks for it from every blank. */
function withoutBlanks(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && isBlank(text[start])) start++
  while (end > start && isBlank(text[end - 1])) end--
  return text.slice(start, end)
}

const isBlank = (character: string | undefined) => character === ' ' || character === '\t'

/** A name as the most lenient reader takes it: nothing but the characters of a token; prefixes without case. */
export function lenientName(name: string): string {
  const bare = name.replace(/[^!#$%&'*+\-.^_`|~0-9A-Za-z]+/g, '')
  return /^__(?:host|secure)-/i.test(bare) ? bare.toLowerCase() : bare
}

/**
 * The cookies without those that any reader could take for one of these: what is left of all lines in one, empty where
 * nothing is or where they are too many to be looked at.
 * @param isGone by `lenientName`
 * @returns undefined where none of them is there
 */
export function withoutCookies(
  lines: readonly string[],
  isGone: (lenientName: string) => boolean,
): string | undefined {
  const text = lines.join('; ')
  if (excessOf(text) !== undefined) return ''
  const pairs = text.split(';')
  const left = pairs.filter((pair) => !partsOf(pair).some(({ name }) => isGone(lenientName(name))))
  return left.length === pairs.length ? undefined : left.join(';').trim()
}
