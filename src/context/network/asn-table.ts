import { Buffer } from 'node:buffer'
import { type IpNumber, ipNumber } from '../../lib/ip.ts'

/** Where each range of one address family begins, in ascending order, and whose it is; it goes on to the next one. */
export interface AsnRanges {
  readonly starts: Uint32Array | Float64Array
  readonly asns: Uint32Array
}

/** Whose the addresses between known ranges are: 0 is reserved for that (RFC 7607). */
const NOBODY = 0
const LAST = { 4: 2 ** 32 - 1, 6: 2 ** 48 - 1 } as const

/** Which autonomous system announces an address. IPv6 is told apart down to /48. */
export interface AsnTable {
  readonly v4: AsnRanges
  readonly v6: AsnRanges
}

/** The autonomous system of an address (as `normaliseIp` writes it); undefined: none is known. */
export function asnOf(table: AsnTable, ip: string): number | undefined {
  const number = ipNumber(ip)
  return find(number.family === 4 ? table.v4 : table.v6, number)
}

function find({ starts, asns }: AsnRanges, { value }: IpNumber): number | undefined {
  let low = 0
  let high = starts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((starts[middle] ?? 0) <= value) low = middle + 1
    else high = middle
  }
  return asns[low - 1] || undefined
}

const NEWLINE = 10
const COMMA = 44
const ZERO = 48

/**
 * Lines of `first,last,asn,name`, addresses as decimal numbers, in ascending order.
 * @throws when a line is not of this form
 */
export function readAsnCsv(csv: Buffer, family: 4 | 6): AsnRanges {
  const starts: number[] = []
  const asns: number[] = []
  const begin = (start: number, asn: number) => {
    starts.push(start)
    asns.push(asn)
  }
  const address = family === 4 ? decimal : first48
  let at = 0
  const field = (read: typeof decimal) => {
    const end = csv.indexOf(COMMA, at)
    if (end <= at) throw new Error(`byte ${at}: no number`)
    const value = read(csv, at, end)
    at = end + 1
    return value
  }
  let after = 0
  while (at < csv.length) {
    const first = field(address)
    if (first > after) begin(after, NOBODY)
    after = field(address) + 1
    begin(first, field(decimal))
    const end = csv.indexOf(NEWLINE, at)
    at = end < 0 ? csv.length : end + 1
  }
  if (after <= LAST[family]) begin(after, NOBODY)
  return { starts: (family === 4 ? Uint32Array : Float64Array).from(starts), asns: Uint32Array.from(asns) }
}

function decimal(csv: Buffer, from: number, to: number): number {
  let value = 0
  for (let at = from; at < to; at++) {
    const digit = (csv[at] ?? 0) - ZERO
    if (digit < 0 || digit > 9) throw new Error(`byte ${at}: no digit`)
    value = value * 10 + digit
  }
  return value
}

const first48 = (csv: Buffer, from: number, to: number): number =>
  Number(BigInt(csv.toString('latin1', from, to)) >> 80n)

/** So that a start reads a file instead of parsing tens of megabytes; also tells another byte order apart. */
const MAGIC = 0x56_41_53_32
const HEADER_BYTES = 16

/** The table in the byte order of this machine: header, ranges of IPv6 (8 bytes a number), then all that takes 4. */
export function packAsnTable({ v4, v6 }: AsnTable): Buffer {
  const header = Uint32Array.of(MAGIC, v4.starts.length, v6.starts.length, 0)
  const parts = [header, v6.starts, v6.asns, v4.starts, v4.asns]
  return Buffer.concat(parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)))
}

/**
 * @param bytes are kept, not copied: they must not change
 * @throws when they are not what `packAsnTable` writes on such a machine
 */
export function unpackAsnTable(bytes: Buffer): AsnTable {
  // A view, because what is given back later has already cost a process 7 MB; it needs an aligned start, which a small file's
  // buffer, a piece of a shared one, may not have.
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes)
  const [magic, n4 = 0, n6 = 0] = byteLength < HEADER_BYTES ? [] : new Uint32Array(buffer, byteOffset, 4)
  const at = HEADER_BYTES + 8 * n6
  if (magic !== MAGIC || byteLength !== at + 4 * n6 + 8 * n4) throw new Error('not a packed ASN table')
  const words = (index: number, length: number) =>
    new Uint32Array(buffer, byteOffset + at + 4 * index, length)
  return {
    v6: { starts: new Float64Array(buffer, byteOffset + HEADER_BYTES, n6), asns: words(0, n6) },
    v4: { starts: words(n6, n4), asns: words(n6 + n4, n4) },
  }
}
