import { describe, expect, test } from '@jest/globals'
import { asnOf, packAsnTable, readAsnCsv, unpackAsnTable } from '../../../src/context/network/asn-table.ts'

const V4 = `16777216,16777471,13335,"Cloudflare, Inc."\n3405803776,3405804031,64500,Example\n4294967040,4294967295,64501,Last`
const first = (prefix: string) => BigInt(`0x${prefix.padEnd(32, '0')}`)
const last = (prefix: string) => BigInt(`0x${prefix.padEnd(32, 'f')}`)
const V6 = `${first('20010db8')},${last('20010db80001')},64502,"A ""quoted"" name"\n${first('2001db80005')},${last('2001db80005')},64503,B\n`

const table = { v4: readAsnCsv(Buffer.from(V4), 4), v6: readAsnCsv(Buffer.from(V6), 6) }

const ROWS: [ip: string, asn: number | undefined][] = [
  ['0.255.255.255', undefined],
  ['1.0.0.0', 13335],
  ['1.0.0.255', 13335],
  ['1.0.1.0', undefined],
  ['203.0.112.255', undefined],
  ['203.0.113.0', 64500],
  ['203.0.113.255', 64500],
  ['203.0.114.0', undefined],
  ['255.255.255.255', 64501],
  ['2001:db7:ffff:ffff::', undefined],
  ['2001:db8::', 64502],
  ['2001:db8:1:ffff:ffff:ffff:ffff:ffff', 64502],
  ['2001:db8:2::', undefined],
  ['::', undefined],
]

describe('which autonomous system an address is of', () => {
  test.each(ROWS)('%s: %s', (ip, asn) => {
    expect(asnOf(table, ip)).toBe(asn)
  })

  test.each(ROWS)('%s: %s, also after packing', (ip, asn) => {
    expect(asnOf(unpackAsnTable(packAsnTable(table)), ip)).toBe(asn)
  })

  test.each(ROWS)('%s: %s, also from a piece of a shared buffer', (ip, asn) => {
    const packed = packAsnTable(table)
    const shared = Buffer.alloc(packed.length + 64)
    for (const offset of [3, 8]) {
      const piece = shared.subarray(offset, offset + packed.length)
      packed.copy(piece)
      expect(asnOf(unpackAsnTable(piece), ip)).toBe(asn)
    }
  })

  test('nothing is known by an empty table', () => {
    const empty = { v4: readAsnCsv(Buffer.from(''), 4), v6: readAsnCsv(Buffer.from(''), 6) }
    expect(asnOf(unpackAsnTable(packAsnTable(empty)), '1.0.0.1')).toBeUndefined()
  })
})

describe('what is no table is refused', () => {
  test.each([
    ['a word', 'one,2,3,x'],
    ['a missing number', '1,,3,x'],
    ['a cut line', '1,2'],
    ['another separator', '1;2;3;x\n'],
  ])('%s', (_, csv) => {
    expect(() => readAsnCsv(Buffer.from(csv), 4)).toThrow(/^byte \d+: no (number|digit)$/)
  })

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['other bytes', Buffer.alloc(64, 7)],
    ['a cut file', packAsnTable(table).subarray(0, -4)],
    ['the other byte order', Buffer.from(packAsnTable(table)).swap32()],
  ])('%s', (_, bytes) => {
    expect(() => unpackAsnTable(bytes)).toThrow('not a packed ASN table')
  })
})
