import { describe, expect, test } from '@jest/globals'
import { decodeHuffman, mostBytesOf } from '../../../src/check/frames/huffman.ts'

function decoded(hex: string): string {
  const bytes = Buffer.from(hex, 'hex')
  const into = Buffer.alloc(mostBytesOf(bytes.length))
  return into.toString('latin1', 0, decodeHuffman(bytes, 0, bytes.length, into))
}

describe('Huffman (RFC 7541 section 5.2)', () => {
  // Appendix C.4 and C.6.
  test.each([
    ['f1e3c2e5f23a6ba0ab90f4ff', 'www.example.com'],
    ['a8eb10649cbf', 'no-cache'],
    ['25a849e95ba97d7f', 'custom-key'],
    ['25a849e95bb8e8b4bf', 'custom-value'],
    ['6402', '302'],
    ['aec3771a4b', 'private'],
    ['d07abe941054d444a8200595040b8166e082a62d1bff', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['9d29ad171863c78f0b97c8e9ae82ae43d3', 'https://www.example.com'],
    ['640eff', '307'],
    ['9bd9ab', 'gzip'],
    [
      '94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
      'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
    ],
    ['1f', 'a'],
    ['', ''],
  ])('%s is %s', (hex, text) => {
    expect(decoded(hex)).toBe(text)
  })

  test.each([
    ['EOS', 'ffffffff'],
    ['EOS behind a text', '1fffffffff'],
    ['a byte of padding', 'a8eb10649cbfff'],
    ['padding of zeros', '18'],
    ['an end inside a code', 'fe'],
  ])('%s is an error of the connection', (_, hex) => {
    expect(() => decoded(hex)).toThrow(expect.objectContaining({ name: 'Fault', code: 9 }))
  })
})
