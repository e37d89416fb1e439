/** MaxMind DB file format 2.0: just enough to write a file in which every IPv4 address has one record. */

export type MmdbValue = string | number | { readonly [name: string]: MmdbValue }

const STRING = 2
const DOUBLE = 3
const UINT32 = 6
const MAP = 7

/** @param size at most 28: longer ones are written in another way */
const control = (type: number, size: number): Buffer => {
  if (size > 28) throw new Error('too long for a test file')
  return Buffer.from([(type << 5) | size])
}

function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value)
    return Buffer.concat([control(STRING, text.length), text])
  }
  if (typeof value === 'number') return Number.isInteger(value) ? encodeInt(value) : encodeDouble(value)
  const members = Object.entries(value).flatMap(([name, member]) => [encode(name), encode(member)])
  return Buffer.concat([control(MAP, Object.keys(value).length), ...members])
}

function encodeInt(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return Buffer.concat([control(UINT32, 4), bytes])
}

function encodeDouble(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return Buffer.concat([control(DOUBLE, 8), bytes])
}

/** One node, both of whose branches lead to the record. */
export function mmdbOf(record: MmdbValue): Buffer {
  const nodes = 1
  const tree = Buffer.alloc(6)
  // A pointer to the data counts from the end of the tree, 16 zero bytes further on.
  for (const at of [0, 3]) tree.writeUIntBE(nodes + 16, at, 3)
  const metadata = encode({
    node_count: nodes,
    record_size: 24,
    ip_version: 4,
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 0,
    database_type: 'test',
  })
  const marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')
  return Buffer.concat([tree, Buffer.alloc(16), encode(record), marker, metadata])
}
