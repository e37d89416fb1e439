import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Field } from '../../../src/check/frames/dynamic-table.ts'
import { HpackDecoder } from '../../../src/check/frames/hpack.ts'
import { Fault } from '../../../src/check/frames/protocol.ts'

function decode(decoder: HpackDecoder, hex: string): [string, string][] {
  const fields: [string, string][] = []
  const bytes = Buffer.from(hex, 'hex')
  decoder.decode(bytes, 0, bytes.length, { field: ({ name, value }: Field) => fields.push([name, value]) })
  return fields
}

const REQUESTS = [
  [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
  ],
  [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
    ['cache-control', 'no-cache'],
  ],
  [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', '/index.html'],
    [':authority', 'www.example.com'],
    ['custom-key', 'custom-value'],
  ],
]

describe('blocks (RFC 7541 appendix C)', () => {
  test.each([
    ['C.2.1', '400a637573746f6d2d6b65790d637573746f6d2d686561646572', [['custom-key', 'custom-header']]],
    ['C.2.2', '040c2f73616d706c652f70617468', [[':path', '/sample/path']]],
    ['C.2.3', '100870617373776f726406736563726574', [['password', 'secret']]],
    ['C.2.4', '82', [[':method', 'GET']]],
  ])('%s', (_, hex, fields) => {
    expect(decode(new HpackDecoder(), hex)).toEqual(fields)
  })

  test.each([
    [
      'C.3',
      [
        '828684410f7777772e6578616d706c652e636f6d',
        '828684be58086e6f2d6361636865',
        '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
      ],
    ],
    [
      'C.4, with Huffman',
      [
        '828684418cf1e3c2e5f23a6ba0ab90f4ff',
        '828684be5886a8eb10649cbf',
        '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
      ],
    ],
  ])('%s', (_, blocks) => {
    const decoder = new HpackDecoder()
    expect(blocks.map((hex) => decode(decoder, hex))).toEqual(REQUESTS)
  })

  test('C.5: entries are evicted', () => {
    const decoder = new HpackDecoder()
    // As if the table had 256 bytes from the beginning: 0x20 and 225 behind five bits.
    decode(decoder, '3fe101')
    expect(
      decode(
        decoder,
        '4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d',
      ),
    ).toHaveLength(4)
    expect(decode(decoder, '4803333037c1c0bf')).toEqual([
      [':status', '307'],
      ['cache-control', 'private'],
      ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
      ['location', 'https://www.example.com'],
    ])
    expect(() => decode(decoder, 'c2')).toThrow(Fault)
  })
})

describe('the table', () => {
  const entry = (name: string, value = '') =>
    Buffer.from([0x40, name.length, ...Buffer.from(name), value.length, ...Buffer.from(value)]).toString(
      'hex',
    )

  test('an entry larger than the table empties it', () => {
    const decoder = new HpackDecoder()
    decode(decoder, `3f09${entry('a')}`)
    expect(decode(decoder, 'be')).toEqual([['a', '']])
    decode(decoder, entry('abcdefghij'))
    expect(() => decode(decoder, 'be')).toThrow(Fault)
  })

  test('a name may come from an entry that its own field evicts (section 4.4)', () => {
    const decoder = new HpackDecoder()
    decode(decoder, `3f09${entry('abc')}`)
    expect(decode(decoder, '7e0178')).toEqual([['abc', 'x']])
    expect(decode(decoder, 'be')).toEqual([['abc', 'x']])
  })

  test('is full with 128 of the smallest, and of size 0 holds nothing', () => {
    const decoder = new HpackDecoder()
    for (let i = 0; i < 1000; i++) decode(decoder, '400000')
    expect(decode(decoder, 'ff3e')).toEqual([['', '']])
    expect(() => decode(decoder, 'ff3f')).toThrow(Fault)
    const other = new HpackDecoder()
    decode(other, `20${entry('a')}`)
    expect(() => decode(other, 'be')).toThrow(Fault)
  })
})

describe('what ends the connection', () => {
  test.each([
    ['index 0', '80'],
    ['an index of no entry', 'be'],
    ['an index beyond all', 'ffffffff07'],
    ['a name of no entry', '7f0000'],
    ['an integer without an end', 'ff80808080808000'],
    ['an integer filled up with zeros', '3f8080808000'],
    ['an integer that is cut', 'ff'],
    ['a name that is cut', '000a6162'],
    ['a value that is cut', '0001610562'],
    ['a text of a length beyond all', '007fffffff7f'],
    ['a field without its value', '000161'],
    ['nothing behind a literal', '40'],
    ['a size update behind a field', '8220'],
    ['a larger table than allowed', '3fe21f'],
    ['Huffman that is none', '0081ff00'],
  ])('%s', (_, hex) => {
    expect(() => decode(new HpackDecoder(), hex)).toThrow(expect.objectContaining({ name: 'Fault', code: 9 }))
  })

  test('a size update of exactly what is allowed is taken, and several at the beginning', () => {
    expect(decode(new HpackDecoder(), '203fe11f82')).toEqual([[':method', 'GET']])
  })

  test('whatever comes, it is decoded or a Fault', () => {
    const decoder = new HpackDecoder()
    const sink = { field: () => undefined }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          decoder.decode(Buffer.from(bytes), 0, bytes.length, sink)
        } catch (error) {
          expect(error).toBeInstanceOf(Fault)
        }
      }),
      { numRuns: 20_000 },
    )
  })
})
