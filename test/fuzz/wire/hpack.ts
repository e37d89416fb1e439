/**
 * Header blocks in whichever of the ways of RFC 7541 a client may choose: by index, with and without the dynamic table,
 * Huffman-coded or plain.
 */
import type { Random } from '../random.ts'

export type Field = readonly [name: string, value: string]

/** Appendix A, as far as checks need it. */
const STATIC_FIELDS: Readonly<Record<string, number>> = {
  ':method GET': 2,
  ':method POST': 3,
  ':path /': 4,
  ':scheme http': 6,
  ':scheme https': 7,
}
const STATIC_NAMES: Readonly<Record<string, number>> = {
  ':authority': 1,
  ':method': 2,
  ':path': 4,
  ':scheme': 6,
  'content-length': 28,
  'content-type': 31,
  'transfer-encoding': 57,
}
const STATIC_SIZE = 61

/** Appendix B: the symbols with codes of five to eight bits, in the order of their codes. */
const SHORT_CODES: readonly (readonly [bits: number, symbols: string])[] = [
  [5, '012aceiost'],
  [6, ' %-./3456789=A_bdfghlmnpru'],
  [7, ':BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz'],
  [8, '&*,;XZ'],
]

function makeCodes(): ReadonlyMap<string, string> {
  const codes = new Map<string, string>()
  let code = 0
  let last = 5
  for (const [bits, symbols] of SHORT_CODES) {
    code <<= bits - last
    last = bits
    for (const symbol of symbols) codes.set(symbol, (code++).toString(2).padStart(bits, '0'))
  }
  return codes
}
const CODES = makeCodes()

/** Section 5.1, behind the bits of `first`. */
function integer(first: number, prefixBits: number, value: number): Buffer {
  const most = (1 << prefixBits) - 1
  if (value < most) return Buffer.from([first | value])
  const bytes = [first | most]
  let left = value - most
  for (; left >= 128; left >>= 7) bytes.push((left & 127) | 128)
  return Buffer.from([...bytes, left])
}

/** Section 5.2. A text of other symbols than the short ones stays plain. */
function text(value: string, isHuffman: boolean): Buffer {
  const codes = isHuffman ? [...value].map((symbol) => CODES.get(symbol)) : [undefined]
  if (codes.includes(undefined)) {
    const bytes = Buffer.from(value, 'latin1')
    return Buffer.concat([integer(0, 7, bytes.length), bytes])
  }
  const bits = codes.join('')
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1')
  const bytes = (padded.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))
  return Buffer.concat([integer(0x80, 7, bytes.length), Buffer.from(bytes)])
}

/** Section 4.1. */
const sizeOf = ([name, value]: Field): number => name.length + value.length + 32
const TABLE_BYTES = 4096

/** The encoder of one connection: it knows what stands in the table of the other side. */
export class Encoder {
  readonly #r: Random
  /** Youngest first. */
  readonly #table: Field[] = []
  #most = TABLE_BYTES

  constructor(r: Random) {
    this.#r = r
  }

  block(fields: readonly Field[]): Buffer {
    const update = this.#r.chance(5) ? [this.#resize(this.#r.pick([0, 100, TABLE_BYTES]))] : []
    return Buffer.concat([...update, ...fields.map((field) => this.#field(field))])
  }

  /** Section 6.3. */
  #resize(most: number): Buffer {
    this.#most = most
    this.#evict()
    return integer(0x20, 5, most)
  }

  #evict(): void {
    const size = () => this.#table.reduce((sum, field) => sum + sizeOf(field), 0)
    while (size() > this.#most) this.#table.pop()
  }

  #field(field: Field): Buffer {
    const [name, value] = field
    const index = STATIC_FIELDS[`${name} ${value}`] ?? this.#indexOf((known) => known.join() === field.join())
    return index !== undefined && this.#r.chance(80) ? integer(0x80, 7, index) : this.#literal(field)
  }

  #indexOf(isIt: (field: Field) => boolean): number | undefined {
    const at = this.#table.findIndex(isIt)
    return at === -1 ? undefined : STATIC_SIZE + 1 + at
  }

  /** Section 6.2: with indexing, without, never. */
  #literal(field: Field): Buffer {
    const r = this.#r
    const [name, value] = field
    const [first, bits] = r.pick([
      [0x40, 6] as const,
      [0x40, 6] as const,
      [0, 4] as const,
      [0x10, 4] as const,
    ])
    const known = STATIC_NAMES[name] ?? this.#indexOf((other) => other[0] === name)
    const head =
      known !== undefined && r.chance(70)
        ? integer(first, bits, known)
        : Buffer.concat([Buffer.from([first]), text(name, r.chance(40))])
    if (first === 0x40) {
      this.#table.unshift(field)
      this.#evict()
    }
    return Buffer.concat([head, text(value, r.chance(40))])
  }
}
