import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createNonces } from '../../src/tokens/nonce.ts'

const key = (fill: number) => Buffer.alloc(32, fill)
const nonces = createNonces([key(1)], randomBytes)
const AT = 1_800_000_000_000
const LIFE = 300_000

describe('server nonces (RFC 9449 section 9)', () => {
  test('DPOP-17 a nonce is NQCHAR only and fits one header', () => {
    expect(nonces.issue('jkt', AT)).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]{43}$/)
  })

  test('DPOP-10 two nonces of the same moment and key differ', () => {
    expect(nonces.issue('jkt', AT)).not.toBe(nonces.issue('jkt', AT))
  })

  test.each([
    ['now', 0, 0],
    ['after a second', 1_000, 1_000],
    ['at the end of its life', LIFE, LIFE],
    ['a millisecond later', LIFE + 1, undefined],
    ['issued by a clock 5 s ahead', -5_000, 0],
    ['issued by a clock further ahead', -5_001, undefined],
  ])('DPOP-10 age %s', (_, later, expected) => {
    expect(nonces.age(nonces.issue('jkt', AT), 'jkt', AT + later)).toBe(expected)
  })

  test('DPOP-10 a nonce of another key is worth nothing', () => {
    expect(nonces.age(nonces.issue('jkt', AT), 'other', AT)).toBeUndefined()
  })

  test('every replica with the keys accepts it; rotation keeps the previous one', () => {
    const old = nonces.issue('jkt', AT)
    expect(createNonces([key(1)], randomBytes).age(old, 'jkt', AT)).toBe(0)
    expect(createNonces([key(2), key(1)], randomBytes).age(old, 'jkt', AT)).toBe(0)
    expect(createNonces([key(3), key(2)], randomBytes).age(old, 'jkt', AT)).toBeUndefined()
  })

  test.each([
    '',
    'x',
    'a'.repeat(43),
    'a'.repeat(44),
    `${'a'.repeat(42)}=`,
    'é'.repeat(43),
  ])('DPOP-10 not one of ours: %j', (text) => expect(nonces.age(text, 'jkt', 0)).toBeUndefined())

  test('DPOP-10 no flipped bit is accepted', () => {
    const bytes = Buffer.from(nonces.issue('jkt', AT), 'base64url')
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), (bit) => {
        const changed = Buffer.from(bytes)
        changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        expect(nonces.age(changed.toString('base64url'), 'jkt', AT)).toBeUndefined()
      }),
    )
  })
})
