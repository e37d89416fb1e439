import { fromDigits, toDigits } from '../lib/base64-digits.ts'
import type { SeenValue } from '../model.ts'

/**
 * The values of a feature, 24 characters each: hash 8, count 4, first and last seen 6 each, in whole seconds. As JSON they
 * took 40, and a profile has room for 640 in all.
 */
const SIZE = 24
const HASH = 8
const COUNT = 4
const TIME = 6

export function packValues(values: readonly SeenValue[], max: number): string {
  let text = ''
  for (const { value, count, firstSeenMs, lastSeenMs } of values.slice(0, max)) {
    const times = toDigits(firstSeenMs / 1000, TIME) + toDigits(lastSeenMs / 1000, TIME)
    text += value.padEnd(HASH).slice(0, HASH) + toDigits(count, COUNT) + times
  }
  return text
}

/** @throws when the text is not what `packValues` writes */
export function unpackValues(text: unknown): SeenValue[] {
  if (typeof text !== 'string' || text.length % SIZE !== 0) throw new Error('values')
  const values: SeenValue[] = []
  for (let at = 0; at < text.length; at += SIZE) {
    values.push({
      value: text.slice(at, at + HASH).trimEnd(),
      count: fromDigits(text, at + HASH, COUNT),
      firstSeenMs: fromDigits(text, at + HASH + COUNT, TIME) * 1000,
      lastSeenMs: fromDigits(text, at + HASH + COUNT + TIME, TIME) * 1000,
    })
  }
  return values
}
