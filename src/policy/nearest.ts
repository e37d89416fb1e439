import { closest, distance } from 'fastest-levenshtein'

/** `; did you mean "x"?` when one of the names is near enough to be meant, else what may stand there. */
export function hint(word: string, among: readonly string[]): string {
  if (among.length === 0) return '; none is declared'
  const nearest = closest(word, among)
  const isNear = distance(word, nearest) <= Math.max(2, Math.floor(word.length / 3))
  if (isNear) return `; did you mean "${nearest}"?`
  return among.length <= 12 ? `; there is ${among.join(', ')}` : `; the nearest is "${nearest}"`
}
