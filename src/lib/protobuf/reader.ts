import type { Buffer } from 'node:buffer'
import { Undecoded } from '../undecoded.ts'

const VARINT = 0
const FIXED64 = 1
const LENGTH = 2
const FIXED32 = 5

/** Deeper nesting is hostile: protobuf's own parsers stop at 100. */
const MAX_DEPTH = 100
const MAX_VARINT_BYTES = 10

/** Takes over one field of the message `into`, or has it skipped. */
export type ReadField<T> = (into: T, field: number, reader: ProtoReader) => void

/**
 * Reads the protobuf wire format (https://protobuf.dev/programming-guides/encoding/). Strict: a length beyond its
 * message, a group, and a field of another wire type than the one that is asked for throw.
 */
export class ProtoReader {
  readonly bytes: Buffer
  pos = 0
  #end: number
  #depth = 0
  #wireType = LENGTH

  constructor(bytes: Buffer) {
    this.bytes = bytes
    this.#end = bytes.length
  }

  /** The whole buffer as one message. */
  whole<T>(into: T, read: ReadField<T>): T {
    while (this.pos < this.#end) read(into, this.#field(), this)
    return into
  }

  /** An embedded message. */
  message<T>(into: T, read: ReadField<T>): T {
    if (++this.#depth > MAX_DEPTH) throw new RangeError('nested too deeply')
    const outer = this.#end
    const start = this.span()
    this.#end = this.pos
    this.pos = start
    this.whole(into, read)
    this.#end = outer
    this.#depth--
    return into
  }

  /** A string; bytes that are no UTF-8 become U+FFFD. */
  text(): string {
    const start = this.span()
    return start === this.pos ? '' : this.bytes.toString('utf8', start, this.pos)
  }

  /** As `text`, for whoever asks. */
  undecoded(): Undecoded {
    const start = this.span()
    return new Undecoded(this.bytes, start, this.pos)
  }

  /** Steps over a length and what it measures: the content stands between the result and `pos`. */
  span(): number {
    this.#expect(LENGTH)
    const length = this.#varint()
    return this.#step(length)
  }

  /** An unsigned integer; beyond 2^53 it loses digits. */
  uint(): number {
    this.#expect(VARINT)
    return this.#varint()
  }

  double(): number {
    this.#expect(FIXED64)
    return this.bytes.readDoubleLE(this.#step(8))
  }

  /** Steps over the field that was announced last. */
  skip(): void {
    if (this.#wireType === LENGTH) this.span()
    else if (this.#wireType === VARINT) this.#varint()
    else if (this.#wireType === FIXED64) this.#step(8)
    else if (this.#wireType === FIXED32) this.#step(4)
    else throw new RangeError('an unknown wire type')
  }

  #field(): number {
    const tag = this.#varint()
    if (tag < 8 || tag > 0xffff_ffff) throw new RangeError('a field without a number')
    this.#wireType = tag & 7
    return tag >>> 3
  }

  #expect(wireType: number): void {
    if (this.#wireType !== wireType) throw new RangeError('a field of another wire type')
  }

  #varint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < MAX_VARINT_BYTES && this.pos < this.#end; i++) {
      const byte = this.bytes[this.pos++] ?? 0
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
    throw new RangeError('a broken varint')
  }

  #step(length: number): number {
    const start = this.pos
    if (length > this.#end - start) throw new RangeError('a value beyond its message')
    this.pos = start + length
    return start
  }
}
