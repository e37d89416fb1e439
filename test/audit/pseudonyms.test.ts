import { createHmac } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { alteredNote } from '../../src/audit/altered.ts'
import { createDisguise, createNaming } from '../../src/audit/pseudonyms.ts'

const KEY = Buffer.alloc(32, 7)

describe('pseudonyms', () => {
  test('are an HMAC of kind, issuer and value: documented, so that whoever holds the key can make them', () => {
    const expected = createHmac('sha256', KEY).update('["subject","https://idp.example.com","alice"]')
    expect(createNaming(KEY)('subject', 'https://idp.example.com', 'alice')).toBe(
      `p-${expected.digest('base64url').slice(0, 22)}`,
    )
  })

  test('are the same again, and others for another kind, issuer, value or key', () => {
    const name = createNaming(KEY)
    const all = [
      name('subject', 'a', 'alice'),
      name('subject', 'b', 'alice'),
      name('client', 'a', 'alice'),
      name('subject', 'a', 'bob'),
      createNaming(Buffer.alloc(32, 8))('subject', 'a', 'alice'),
      // Two materials that would be one text if they were only put together.
      name('subject', 'a', 'b', 'c'),
      name('subject', 'a', 'bc'),
    ]
    expect(new Set(all).size).toBe(all.length)
    expect(name('subject', 'a', 'alice')).toBe(all[0])
    expect(createNaming(KEY)('subject', 'a', 'alice')).toBe(all[0])
  })
})

describe('a disguise', () => {
  const of = (addresses: 'full' | 'prefix' | 'pseudonym', pseudonyms: ('subject' | 'device')[] = []) =>
    createDisguise({ pseudonyms, addresses }, createNaming(KEY))

  test('is none where the settings show everything', () => {
    expect(of('full')).toBeUndefined()
  })

  test.each([
    ['203.0.113.7', '203.0.113.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['not an address', 'unknown'],
  ])('prefix: %s is told as %s', (ip, prefix) => {
    expect(of('prefix')?.address(ip)).toBe(prefix)
  })

  test('pseudonym: neighbours have nothing in common', () => {
    const [one, two] = ['203.0.113.7', '203.0.113.8'].map((ip) => of('pseudonym')?.address(ip))
    expect(one).toMatch(/^p-[\w-]{22}$/)
    expect(two).not.toBe(one)
  })

  test.each([
    ['203.0.113.7, 10.0.0.1:80', '203.0.113.0/24, 10.0.0.0/24'],
    [
      'for="[2001:db8:1:2::1]:4711";proto=https, for=203.0.113.7',
      'for="2001:db8:1::/48";proto=https, for=203.0.113.0/24',
    ],
    ['::ffff:203.0.113.7', '203.0.113.0/24'],
    ['Mozilla/5.0 (X11; 1.2.3)', 'Mozilla/5.0 (X11; 1.2.3)'],
  ])('addresses in a header: %s', (text, told) => {
    expect(of('prefix')?.addressesIn(text)).toBe(told)
  })

  test.each([
    [
      of('full', ['subject', 'device', 'subject']),
      'The sink altered this record (pseudonyms stand for: device, subject).',
    ],
    [of('prefix'), 'The sink altered this record (addresses are prefixes).'],
    [
      of('pseudonym', ['device']),
      'The sink altered this record (pseudonyms stand for: device; addresses are pseudonyms).',
    ],
  ])('what it alters is told', (disguise, note) => {
    expect(alteredNote(disguise?.altered ?? {})).toBe(note)
  })

  test('a record as it was has no note', () => {
    expect(alteredNote({})).toBeUndefined()
  })
})
