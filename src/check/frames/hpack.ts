import { Buffer } from 'node:buffer'
import { DynamicTable, type Field } from './dynamic-table.ts'
import { isValidName, isValidValue } from './field-syntax.ts'
import { decodeHuffman, mostBytesOf } from './huffman.ts'
import { LIMITS } from './limits.ts'
import { ERROR, Fault } from './protocol.ts'

/** Gets the fields of a block, in their order. */
export interface FieldSink {
  field(field: Field): void
}

/** No length or index of a block within the limits needs more; a longer one is an overflow or filled up with zeros. */
const MAX_INTEGER_SHIFT = 21

/** Huffman-coded texts unfold here, one at a time, before they become strings. */
const scratch = Buffer.allocUnsafeSlow(mostBytesOf(LIMITS.blockBytes))

/** Decodes the header blocks of one connection (RFC 7541). Whatever it throws ends the connection: its table is lost. */
export class HpackDecoder {
  readonly table = new DynamicTable()
  #bytes: Buffer = scratch
  #at = 0
  #end = 0

  /**
   * One block, from `at` to `end`. What a sink no longer wants is decoded all the same: the table has to follow.
   * @throws Fault
   */
  decode(bytes: Buffer, at: number, end: number, sink: FieldSink): void {
    this.#bytes = bytes
    this.#at = at
    this.#end = end
    let mayResize = true
    while (this.#at < this.#end) {
      const first = bytes[this.#at] ?? 0
      if ((first & 0xe0) === 0x20) {
        // Section 4.2: at the beginning of a block alone.
        if (!mayResize) throw new Fault(ERROR.compression, 'a size update behind a field')
        this.table.resize(this.#integer(5))
      } else {
        mayResize = false
        sink.field(first >= 0x80 ? this.table.at(this.#integer(7)) : this.#literal(first))
      }
    }
    this.#bytes = scratch
  }

  /** Section 6.2: with incremental indexing, without, or never. */
  #literal(first: number): Field {
    const isIndexed = first >= 0x40
    const index = this.#integer(isIndexed ? 6 : 4)
    const known = index === 0 ? undefined : this.table.at(index)
    const name = known?.name ?? this.#text()
    const value = this.#text()
    const isNameValid = known === undefined ? isValidName(name) : known.isValid || isValidName(name)
    const field = { name, value, isValid: isNameValid && isValidValue(value) }
    if (isIndexed) this.table.add(field)
    return field
  }

  /** Section 5.1: an integer that begins with the lowest bits of the next byte. */
  #integer(prefixBits: number): number {
    const bytes = this.#bytes
    const most = (1 << prefixBits) - 1
    const prefix = (bytes[this.#at++] ?? 0) & most
    if (prefix < most) return prefix
    let value = most
    for (let shift = 0; shift <= MAX_INTEGER_SHIFT; shift += 7) {
      if (this.#at >= this.#end) throw new Fault(ERROR.compression, 'a block ends inside an integer')
      const byte = bytes[this.#at++] ?? 0
      value += (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new Fault(ERROR.compression, 'an integer is too large')
  }

  /** Section 5.2. */
  #text(): string {
    if (this.#at >= this.#end) throw new Fault(ERROR.compression, 'a block ends before a text')
    const isHuffman = (this.#bytes[this.#at] ?? 0) >= 0x80
    const length = this.#integer(7)
    const start = this.#at
    const end = start + length
    if (end > this.#end) throw new Fault(ERROR.compression, 'a block ends inside a text')
    this.#at = end
    if (!isHuffman) return this.#bytes.toString('latin1', start, end)
    return scratch.toString('latin1', 0, decodeHuffman(this.#bytes, start, end, scratch))
  }
}
