import { closest, distance } from 'fastest-levenshtein'

/** The name that was probably meant, when one is near enough to be a slip of the keyboard. */
export function nearest(word: string, among: readonly string[]): string | undefined {
  if (among.length === 0) return undefined
  const lower = word.toLowerCase()
  const sameLetters = among.find((name) => name.toLowerCase() === lower)
  if (sameLetters !== undefined) return sameLetters
  const best = closest(word, among)
  return distance(word, best) <= Math.max(2, Math.floor(best.length / 3)) ? best : undefined
}

/** `; did you mean "audiences"?`, else nothing. */
export function didYouMean(word: string, among: readonly string[]): string {
  const best = nearest(word, among)
  return best === undefined ? '' : `; did you mean "${best}"?`
}
