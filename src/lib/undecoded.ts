import type { Buffer } from 'node:buffer'

/**
 * A text of UTF-8 bytes that is decoded when somebody asks: of some thirty header values of a request about ten are read.
 * It keeps the whole message in memory, so it must not outlive the check.
 */
export class Undecoded {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  /** A NUL, CR or LF is in it: no other character has these bytes in UTF-8. */
  readonly hasLineBreakOrNul: boolean

  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes
    this.start = start
    this.end = end
    this.hasLineBreakOrNul = hasLineBreakOrNul(bytes, start, end)
  }

  /** Bytes that are no UTF-8 become U+FFFD. */
  toString(): string {
    return this.start === this.end ? '' : this.bytes.toString('utf8', this.start, this.end)
  }
}

const WORD = 4

/** Four bytes at a time: only where one of them is below a blank are they looked at one by one. */
function hasLineBreakOrNul(bytes: Buffer, start: number, end: number): boolean {
  let at = start
  for (; at + WORD <= end; at += WORD) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    if (((word - 0x2020_2020) & ~word & 0x8080_8080) !== 0 && isOneOf(bytes, at, at + WORD)) return true
  }
  return isOneOf(bytes, at, end)
}

function isOneOf(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i]
    if (byte === 0x0d || byte === 0x0a || byte === 0) return true
  }
  return false
}
