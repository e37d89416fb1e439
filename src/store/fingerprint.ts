import { randomBytes } from 'node:crypto'

/** Words of a fingerprint. */
export const WORDS = 4
const seeds = new Int32Array(randomBytes(4 * WORDS).buffer.slice(0, 4 * WORDS))

/**
 * 128 bits that stand for a key inside this process, in four words; for keys that nobody outside can choose (they are
 * HMACs), so that two with the same fingerprint do not happen: among a million keys with a chance of 10^-27. Seeded by
 * chance for each process. The mixing is MurmurHash3's idea as in cyrb128 (public domain).
 */
export function fingerprint(key: string, into: Int32Array): void {
  let [a = 0, b = 0, c = 0, d = 0] = [seeds[0], seeds[1], seeds[2], seeds[3]]
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i)
    a = b ^ Math.imul(a ^ code, 597_399_067)
    b = c ^ Math.imul(b ^ code, 2_869_860_233)
    c = d ^ Math.imul(c ^ code, 951_274_213)
    d = a ^ Math.imul(d ^ code, 2_716_044_179)
  }
  a = Math.imul(c ^ (a >>> 18), 597_399_067)
  b = Math.imul(d ^ (b >>> 22), 2_869_860_233)
  c = Math.imul(a ^ (c >>> 17), 951_274_213)
  d = Math.imul(b ^ (d >>> 19), 2_716_044_179)
  a ^= b ^ c ^ d
  into[0] = a
  into[1] = b ^ a
  into[2] = c ^ a
  into[3] = d ^ a
}
