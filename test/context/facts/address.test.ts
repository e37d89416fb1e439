import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { addressOf } from '../../../src/context/facts/address.ts'
import { checkOf, entrypointOf } from '../../support/check-of.ts'

const PEER = '203.0.113.9'

function address(n: number, envoyAppends: boolean, values?: string[], peer: string | null = PEER) {
  return addressOf(
    checkOf({
      headers: new Map(values === undefined ? [] : [['x-forwarded-for', values]]),
      source: { principal: '', ...(peer === null ? {} : { ip: peer }) },
    }),
    entrypointOf({ trustedProxies: n, envoyAppends }),
  )
}

const trusted = (ip: string) => ({ ip, isUntrusted: false })
const untrusted = { ip: PEER, isUntrusted: true }

describe('the position from the right', () => {
  const table: [n: number, appends: boolean, values: string[] | undefined, expected: object][] = [
    // This Envoy does not append: element N, and N = 0 is the TCP peer.
    [0, false, undefined, trusted(PEER)],
    [0, false, ['1.1.1.1'], trusted(PEER)],
    [1, false, ['1.1.1.1'], trusted('1.1.1.1')],
    [1, false, ['6.6.6.6, 1.1.1.1'], trusted('1.1.1.1')],
    [2, false, ['6.6.6.6, 1.1.1.1, 2.2.2.2'], trusted('1.1.1.1')],
    [2, false, ['1.1.1.1'], untrusted],
    [1, false, undefined, untrusted],
    // This Envoy appends its peer: element N + 1.
    [0, true, ['6.6.6.6, 203.0.113.9'], trusted(PEER)],
    [0, true, undefined, untrusted],
    [1, true, ['1.1.1.1, 10.0.0.5'], trusted('1.1.1.1')],
    [1, true, ['6.6.6.6, 1.1.1.1, 10.0.0.5'], trusted('1.1.1.1')],
    [1, true, ['10.0.0.5'], untrusted],
    [2, true, ['6.6.6.6,1.1.1.1,10.0.0.4,10.0.0.5'], trusted('1.1.1.1')],
    [2, true, ['10.0.0.4,10.0.0.5'], untrusted],
    // Repeats are one list in their order.
    [1, true, ['6.6.6.6', '1.1.1.1', '10.0.0.5'], trusted('1.1.1.1')],
    [1, true, ['6.6.6.6, 1.1.1.1', '10.0.0.5'], trusted('1.1.1.1')],
    [1, true, [], untrusted],
    // Empty elements count.
    [1, true, ['1.1.1.1,,10.0.0.5'], untrusted],
    [1, true, ['1.1.1.1, ,10.0.0.5'], untrusted],
    [2, true, ['1.1.1.1,,10.0.0.5'], trusted('1.1.1.1')],
    [1, false, ['1.1.1.1,'], untrusted],
    [1, false, [''], untrusted],
    [2, false, [','], untrusted],
    [3, false, [','], untrusted],
    [1, false, [','], untrusted],
    [2, false, [',1.1.1.1'], untrusted],
  ]
  test.each(table)('N=%s, appends %s, %j', (n, appends, values, expected) => {
    expect(address(n, appends, values)).toEqual(expected)
  })
})

describe('how an element is read', () => {
  const table: [string, string | undefined][] = [
    ['1.1.1.1', '1.1.1.1'],
    ['  1.1.1.1\t', '1.1.1.1'],
    ['1.1.1.1:443', '1.1.1.1'],
    ['1.1.1.1:65536', undefined],
    ['1.1.1.1:', undefined],
    ['1.1.1.1:http', undefined],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:8443', '2001:db8::1'],
    ['[2001:db8::1]:99999', undefined],
    ['[2001:db8::1]8443', undefined],
    ['[2001:db8::1', undefined],
    ['[1.1.1.1]', undefined],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::ffff:102:304', '1.2.3.4'],
    ['[::ffff:1.2.3.4]:80', '1.2.3.4'],
    ['fe80::1%eth0', undefined],
    ['01.2.3.4', undefined],
    ['0x7f.1', undefined],
    ['127.1', undefined],
    ['2130706433', undefined],
    ['unknown', undefined],
    ['_hidden', undefined],
    ['"1.1.1.1"', undefined],
    ['1.1.1.1 2.2.2.2', undefined],
    ['for=1.1.1.1', undefined],
    [':443', undefined],
    ['[]', undefined],
  ]
  test.each(table)('%s', (element, ip) => {
    expect(address(1, false, [`9.9.9.9,${element}`])).toEqual(ip === undefined ? untrusted : trusted(ip))
  })
})

describe('the TCP peer', () => {
  const table: [string | null, object][] = [
    ['::ffff:1.2.3.4', { ip: '1.2.3.4', isUntrusted: false }],
    ['2001:DB8::1', { ip: '2001:db8::1', isUntrusted: false }],
    ['/var/run/peer', { isUntrusted: false }],
    [null, { isUntrusted: false }],
  ]
  test.each(table)('%s', (peer, expected) => {
    expect(address(0, false, ['1.1.1.1'], peer)).toEqual(expected)
  })

  test('a missing peer does not become a header', () => {
    expect(address(1, false, ['nonsense'], null)).toEqual({ isUntrusted: true })
  })
})

test('property: what a client writes on the left never moves the address', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.nat(4), fc.boolean(), (forged, n, appends) => {
      const proxies = Array.from({ length: n + (appends ? 1 : 0) }, (_, i) => `192.0.2.${i + 1}`)
      const expected = proxies.length === 0 ? PEER : '192.0.2.1'
      expect(address(n, appends, [...forged, proxies.join(', ')])).toEqual(trusted(expected))
    }),
  )
})
