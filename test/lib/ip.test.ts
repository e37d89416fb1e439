import { describe, expect, test } from '@jest/globals'
import { compileCidrs, normaliseCidr, normaliseIp, parseForwardedIp } from '../../src/lib/ip.ts'

test.each<[string, string | undefined, boolean]>([
  ['10.0.0.0/8', '10.255.0.1', true],
  ['10.0.0.0/8', '11.0.0.1', false],
  ['10.0.0.0/8', '::ffff:10.0.0.1', true],
  ['192.0.2.7', '192.0.2.7', true],
  ['192.0.2.7', '192.0.2.8', false],
  ['2001:db8::/32', '2001:db8:1::1', true],
  ['2001:db8::/32', '10.0.0.1', false],
  ['::/0', '10.0.0.1', false],
  ['::ffff:10.0.0.0/104', '10.1.2.3', true],
  ['not a network', '10.0.0.1', false],
  // Read as 10.0.0.0 by lenient parsers.
  ['10', '10.0.0.0', false],
  ['10.0.0.0/8', 'not an address', false],
  ['10.0.0.0/8', undefined, false],
])('%s holds %s: %s', (network, address, isInside) => {
  expect(compileCidrs(['203.0.113.0/24', network])(address)).toBe(isInside)
})

describe('one spelling per address', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    // Other parsers read these as addresses: short, octal, hexadecimal, with a zone, with blanks.
    ['10', undefined],
    ['010.0.0.1', undefined],
    ['0x7f.0.0.1', undefined],
    ['fe80::1%eth0', undefined],
    [' 192.0.2.7', undefined],
    ['192.0.2.7:443', undefined],
    ['', undefined],
  ])('%j: %s', (text, expected) => {
    expect(normaliseIp(text)).toBe(expected)
  })
})

describe('networks', () => {
  test.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['192.0.2.7', '192.0.2.7/32'],
    ['2001:db8:1::1/32', '2001:db8::/32'],
    ['::1', '::1/128'],
    ['::ffff:10.1.2.3/104', '10.0.0.0/8'],
    ['::ffff:10.1.2.3/95', undefined],
    ['10.0.0.0/33', undefined],
    ['10.0.0.0/', undefined],
    ['10.0.0.0/-1', undefined],
    ['10.0.0.0/8/8', undefined],
    ['10', undefined],
  ])('%j: %s', (text, expected) => {
    expect(normaliseCidr(text)).toBe(expected)
  })
})

describe('an element of x-forwarded-for', () => {
  test.each([
    [' 192.0.2.7 ', '192.0.2.7'],
    ['192.0.2.7:4711', '192.0.2.7'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['192.0.2.7:99999', undefined],
    ['[192.0.2.7]', undefined],
    ['[2001:db8::1', undefined],
    ['unknown', undefined],
    ['_hidden', undefined],
  ])('%j: %s', (element, expected) => {
    expect(parseForwardedIp(element)).toBe(expected)
  })
})
