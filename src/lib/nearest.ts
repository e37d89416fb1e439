import { closest, distance } from 'fastest-levenshtein'

/** Shorter beginnings could be meant for anything. */
const MIN_BEGINNING = 3
/** A person still reads a list of so many names. */
const MAX_LISTED = 16

/** The name that was probably meant: the same letters, a slip of the keyboard, or the only one that begins like this. */
export function nearest(word: string, among: readonly string[]): string | undefined {
  if (among.length === 0) return undefined
  const lower = word.toLowerCase()
  const sameLetters = among.find((name) => name.toLowerCase() === lower)
  if (sameLetters !== undefined) return sameLetters
  const best = closest(word, among)
  if (distance(word, best) <= Math.max(2, Math.floor(best.length / 3))) return best
  const [only, ...others] = among.filter((name) => name.toLowerCase().startsWith(lower))
  return lower.length >= MIN_BEGINNING && others.length === 0 ? only : undefined
}

/** `; did you mean "audiences"?`, else nothing. */
export function didYouMean(word: string, among: readonly string[]): string {
  const best = nearest(word, among)
  return best === undefined ? '' : `; did you mean "${best}"?`
}

/** The same, else what may stand there. */
export function hint(word: string, among: readonly string[]): string {
  if (among.length === 0) return '; none is declared'
  const meant = didYouMean(word, among)
  if (meant !== '') return meant
  return among.length <= MAX_LISTED
    ? `; there is ${among.join(', ')}`
    : `; the nearest is "${closest(word, among)}"`
}
