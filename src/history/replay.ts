/** How a use looks from inside this process: not seen, seen in this very attempt, seen in another one. */
export type LocalUse = 'first' | 'retry' | 'repeated'

/** The uses that this process has seen lately, so that an outage of the store does not open the door to replays. */
export interface LocalReplay {
  /** Remembers the use under the attempt that came first, and tells what it is now. */
  claim(key: string, attempt: string): LocalUse
}

/**
 * Two generations of at most half the entries each: the older one goes as a whole. No expiry is needed: a proof that is
 * still remembered after its time is refused for its age before anyone asks here.
 *
 * @param maxEntries uses kept at most; about 150 bytes each
 */
export function createLocalReplay(maxEntries = 100_000): LocalReplay {
  let young = new Map<string, string>()
  let old = new Map<string, string>()
  return {
    claim(key, attempt) {
      const earlier = young.get(key) ?? old.get(key)
      if (earlier !== undefined) return earlier === attempt ? 'retry' : 'repeated'
      if (young.size >= Math.max(1, maxEntries >> 1)) {
        old = young
        young = new Map()
      }
      young.set(key, attempt)
      return 'first'
    },
  }
}
