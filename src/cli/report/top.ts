import { Buffer } from 'node:buffer'

/**
 * The most frequent keys of a stream in bounded memory: Space-Saving (Metwally, Agrawal, El Abbadi, "Efficient
 * Computation of Frequent and Top-k Elements in Data Streams", 2005). With `capacity` counters and N counted:
 * every key that was counted more than N / capacity times is there, and no count is too high by more than that.
 */
export interface Top<T> {
  /** Counts one and gives what is kept beside the key: made anew when the key comes in. */
  count(key: string): T
  /** Most frequent first; keys with the same count in the order of their names. */
  list(most?: number): readonly Counted<T>[]
  /** Keys had to make room for others, so counts are upper bounds. */
  readonly isFull: boolean
}

export interface Counted<T> {
  readonly key: string
  readonly count: number
  /** The count is at most this much too high; what is kept beside the key knows nothing of that part. */
  readonly error: number
  readonly kept: T
}

interface Entry<T> {
  key: string
  count: number
  error: number
  kept: T
  /** Place in the heap. */
  at: number
}

/** @param make what is kept beside a new key */
export function createTop<T>(capacity: number, make: () => T): Top<T> {
  const entries = new Map<string, Entry<T>>()
  /** Least count first: a heap, because the least makes room. */
  const heap: Entry<T>[] = []
  let isFull = false

  function enter(key: string): Entry<T> {
    const own = ownCopy(key)
    const [least] = heap
    if (heap.length < capacity || least === undefined) {
      const entry = { key: own, count: 0, error: 0, kept: make(), at: heap.length }
      heap.push(entry)
      // A count of 0 is the least there is.
      rise(heap, entry)
      entries.set(own, entry)
      return entry
    }
    isFull = true
    entries.delete(least.key)
    Object.assign(least, { key: own, error: least.count, kept: make() })
    entries.set(own, least)
    return least
  }

  return {
    count: (key) => {
      const entry = entries.get(key) ?? enter(key)
      entry.count++
      sink(heap, entry)
      return entry.kept
    },
    list: (most = Number.POSITIVE_INFINITY) =>
      [...heap].sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1)).slice(0, most),
    get isFull() {
      return isFull
    },
  }
}

/** Longer names are cut before they are counted. */
const MOST_KEY = 300

export const cutKey = (text: string): string =>
  text.length > MOST_KEY ? `${text.slice(0, MOST_KEY)}…` : text

/** A key may be a view of a longer text, and would keep all of that in memory. */
const ownCopy = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le')

function rise<T>(heap: Entry<T>[], entry: Entry<T>): void {
  while (entry.at > 0) {
    const above = heap[(entry.at - 1) >> 1]
    if (above === undefined || above.count <= entry.count) return
    swap(heap, above, entry)
  }
}

function sink<T>(heap: Entry<T>[], entry: Entry<T>): void {
  for (;;) {
    const left = heap[2 * entry.at + 1]
    const right = heap[2 * entry.at + 2]
    const less = right !== undefined && left !== undefined && right.count < left.count ? right : left
    if (less === undefined || less.count >= entry.count) return
    swap(heap, less, entry)
  }
}

function swap<T>(heap: Entry<T>[], a: Entry<T>, b: Entry<T>): void {
  const { at } = a
  a.at = b.at
  b.at = at
  heap[a.at] = a
  heap[b.at] = b
}
