import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Undecoded } from '../../src/lib/undecoded.ts'

/** A text in the middle of a message whose other bytes must not count. */
function within(text: Buffer): Undecoded {
  const bytes = Buffer.concat([Buffer.from('\r\n\0'), text, Buffer.from('\r\n\0')])
  return new Undecoded(bytes, 3, 3 + text.length)
}

test('reads as the bytes do, whatever they are', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
    const text = Buffer.from(bytes)
    expect(within(text).toString()).toBe(text.toString('utf8'))
  })
  fc.assert(property, { numRuns: 300 })
})

describe('a NUL, CR or LF', () => {
  test.each([
    '\0',
    '\r',
    '\n',
  ])('%j is found at every place, also behind other controls and letters', (one) => {
    for (let length = 0; length < 12; length++)
      for (const filler of ['a', '\t', '\x7f', 'é', '\u{10ffff}']) {
        const before = filler.repeat(length)
        expect(within(Buffer.from(`${before}${one}`)).hasLineBreakOrNul).toBe(true)
        expect(within(Buffer.from(`${one}${before}`)).hasLineBreakOrNul).toBe(true)
      }
  })

  test('is found in any bytes exactly where it is', () => {
    const byte = fc.oneof(fc.nat(255), fc.constantFrom(0, 9, 10, 13, 31, 32, 0x80, 0x8a, 0x8d, 0xff))
    const property = fc.property(fc.array(byte, { maxLength: 30 }), (bytes) => {
      const isThere = bytes.some((each) => each === 0 || each === 10 || each === 13)
      expect(within(Buffer.from(bytes)).hasLineBreakOrNul).toBe(isThere)
    })
    fc.assert(property, { numRuns: 1000 })
  })
})
