import { Buffer } from 'node:buffer'

const FIRST_SIZE = 8192
/** Characters up to which writing them one by one is faster than two calls into C++. */
const SHORT = 48

/**
 * Writes the protobuf wire format from the end to the beginning, because the length of a message stands before it and
 * is known only when the message is written: callers write the last field first. One writer serves many messages, one
 * after the other.
 */
export class ProtoWriter {
  #buffer = Buffer.allocUnsafeSlow(FIRST_SIZE)
  #pos = FIRST_SIZE

  /** Forgets what was written. */
  begin(): void {
    this.#pos = this.#buffer.length
  }

  /** A copy of what was written since `begin`. */
  finish(): Buffer {
    return Buffer.from(this.#buffer.subarray(this.#pos))
  }

  /** Where a message ends: hand it to `wrap` when its fields are written. */
  mark(): number {
    return this.#buffer.length - this.#pos
  }

  /** Puts tag and length before all that was written since the mark. */
  wrap(field: number, mark: number): void {
    this.#prefix(field, this.#buffer.length - this.#pos - mark)
  }

  text(field: number, value: string): void {
    if (value.length <= SHORT && this.#ascii(value)) return this.#prefix(field, value.length)
    const length = Buffer.byteLength(value)
    this.#reserve(length)
    this.#pos -= length
    // The same count means nothing but ASCII, which has a shorter way.
    if (length === value.length) this.#buffer.write(value, this.#pos, length, 'latin1')
    else this.#buffer.write(value, this.#pos, length, 'utf8')
    this.#prefix(field, length)
  }

  /** @returns false where the value holds more than ASCII: then nothing was written */
  #ascii(value: string): boolean {
    const { length } = value
    this.#reserve(length)
    const start = this.#pos - length
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i)
      if (code >= 0x80) return false
      this.#buffer[start + i] = code
    }
    this.#pos = start
    return true
  }

  /** Fields that were encoded before, tags included. */
  raw(fields: Uint8Array): void {
    this.#reserve(fields.length)
    this.#pos -= fields.length
    this.#buffer.set(fields, this.#pos)
  }

  double(field: number, value: number): void {
    this.#reserve(8)
    this.#pos -= 8
    this.#buffer.writeDoubleLE(value, this.#pos)
    this.#varint((field << 3) | 1)
  }

  /** @param value a non-negative integer below 2^31 */
  uint(field: number, value: number): void {
    this.#varint(value)
    this.#varint(field << 3)
  }

  #prefix(field: number, length: number): void {
    this.#varint(length)
    this.#varint((field << 3) | 2)
  }

  #varint(value: number): void {
    if (!(value >= 0 && value <= 0x7fff_ffff)) throw new RangeError('not a number that is written here')
    this.#reserve(5)
    const size = value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5
    this.#pos -= size
    let rest = value
    for (let i = 0; i < size - 1; i++) {
      this.#buffer[this.#pos + i] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#buffer[this.#pos + size - 1] = rest
  }

  #reserve(size: number): void {
    if (this.#pos >= size) return
    const used = this.#buffer.length - this.#pos
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, used + size))
    this.#buffer.copy(larger, larger.length - used, this.#pos)
    this.#buffer = larger
    this.#pos = larger.length - used
  }
}
