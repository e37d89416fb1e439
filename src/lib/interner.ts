import { Buffer } from 'node:buffer'

export interface Interner {
  /** The text of these UTF-8 bytes: the same string object for the same bytes, as long as it is remembered. */
  textOf(bytes: Buffer, start: number, end: number): string
}

interface Entry {
  readonly bytes: Buffer
  readonly text: string
}

/** Longer texts are not worth remembering. */
const LONGEST = 64

/**
 * Remembers short texts that come again and again (header names), so that no string is made for them and what is
 * looked up under them is found by its identity. Bounded: when it is full it starts anew, so that a flood of odd names
 * cannot keep the usual ones out for ever.
 */
export function createInterner(max: number): Interner {
  const known = new Map<number, Entry>()
  return {
    textOf: (bytes, start, end) => {
      if (end - start > LONGEST) return bytes.toString('utf8', start, end)
      const key = hashOf(bytes, start, end)
      const entry = known.get(key)
      if (entry !== undefined && isSame(entry.bytes, bytes, start, end)) return entry.text
      const text = bytes.toString('utf8', start, end)
      if (known.size >= max) known.clear()
      // Its own copy: the request's buffer must not be kept alive.
      known.set(key, { bytes: Buffer.from(bytes.subarray(start, end)), text })
      return text
    },
  }
}

/** FNV-1a, 32 bits: only a bucket, equality is decided by the bytes. */
function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = 0x811c_9dc5
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x0100_0193)
  return hash
}

function isSame(known: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false
  return true
}
