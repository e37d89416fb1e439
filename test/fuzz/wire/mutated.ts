import type { Random } from '../random.ts'

/** Bytes of which in so many percent something is flipped, cut, added, or everything is something else. */
export function mutated(bytes: Buffer, r: Random, percent: number): Buffer {
  if (!r.chance(percent) || bytes.length === 0) return bytes
  const copy = Buffer.from(bytes)
  const at = r.below(copy.length)
  switch (r.below(5)) {
    case 0:
      copy[at] = (copy[at] ?? 0) ^ (1 << r.below(8))
      return copy
    case 1:
      return copy.subarray(0, at)
    case 2:
      return Buffer.concat([
        copy.subarray(0, at),
        Buffer.alloc(1 + r.below(20), r.below(256)),
        copy.subarray(at),
      ])
    case 3:
      return Buffer.from(Array.from({ length: r.below(300) }, () => r.below(256)))
    default:
      return Buffer.concat([copy.subarray(at), copy.subarray(0, at)])
  }
}
