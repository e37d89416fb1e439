import { Buffer } from 'node:buffer'

export interface Interner {
  /** The text of these UTF-8 bytes: the same string object for the same bytes, as long as it is remembered. */
  textOf(bytes: Buffer, start: number, end: number): string
}

interface Entry {
  readonly bytes: Buffer
  readonly text: string
  /** What came behind it last time: requests of one program have their headers in the same order. */
  next: Entry | undefined
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
  let last = beginning()
  const find = (bytes: Buffer, start: number, end: number): Entry => {
    const key = hashOf(bytes, start, end)
    const entry = known.get(key)
    if (entry !== undefined && isSame(entry.bytes, bytes, start, end)) return entry
    if (known.size >= max) {
      known.clear()
      // Nobody is to keep what was forgotten.
      last = beginning()
    }
    // Its own copy: the request's buffer must not be kept alive.
    const own = Buffer.from(bytes.subarray(start, end))
    const made = { bytes: own, text: internalized(own.toString('utf8')), next: undefined }
    known.set(key, made)
    return made
  }
  return {
    textOf: (bytes, start, end) => {
      if (end - start > LONGEST) return bytes.toString('utf8', start, end)
      const { next } = last
      if (next !== undefined && isSame(next.bytes, bytes, start, end)) {
        last = next
      } else {
        const found = find(bytes, start, end)
        last.next = found
        last = found
      }
      return last.text
    },
  }
}

const beginning = (): Entry => ({ bytes: Buffer.alloc(0), text: '', next: undefined })

/** As V8 keeps the names of members: comparing two of these is comparing pointers. */
function internalized(text: string): string {
  for (const name in { [text]: true }) return name
  return text
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
