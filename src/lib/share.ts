import { hash } from 'node:crypto'

/**
 * Where a text stands between 0 (included) and 100 (excluded): the same text always stands at the same place, in every
 * process, and texts are spread evenly. A share of n percent are the texts that stand below n: a smaller share is a part
 * of every larger one.
 */
export function percentileOf(text: string): number {
  return (Number.parseInt(hash('sha256', text).slice(0, 12), 16) / 2 ** 48) * 100
}
