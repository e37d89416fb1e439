/** Changes of the encoded CheckRequest, and of what the store does while it is decided. */
import { choose, type Mutators, rest } from './mutation.ts'

function change(bytes: Buffer, n: number, text: string): Buffer {
  const at = rest(n, 8) % Math.max(1, bytes.length)
  const copy = Buffer.from(bytes)
  const extra = Buffer.from(text, 'latin1')
  return choose<() => Buffer>(
    [
      () => {
        copy[at] = (copy[at] ?? 0) ^ (1 << (n % 8))
        return copy
      },
      () => copy.subarray(0, at),
      () => Buffer.concat([copy.subarray(0, at), extra, copy.subarray(at)]),
      () => Buffer.concat([copy, extra]),
      () => Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1)]),
      () => Buffer.concat([copy, copy]),
      () => copy.fill(n & 0xff, at, Math.min(at + (n % 16), copy.length)),
      () => extra,
    ],
    n,
  )()
}

export const bytesMutators: Mutators = {
  bytes: (draft, { n, text }) => {
    draft.bytes.push((bytes) => change(bytes, n, text))
  },
  store: (draft, { n }) => {
    draft.store = choose(['down', 'garbled', 'stuffed', 'odd'], n)
  },
}
