import { expect, test } from '@jest/globals'
import { compileCidrs } from '../../src/lib/cidr.ts'

test.each<[string, string | undefined, boolean]>([
  ['10.0.0.0/8', '10.255.0.1', true],
  ['10.0.0.0/8', '11.0.0.1', false],
  ['10.0.0.0/8', '::ffff:10.0.0.1', true],
  ['192.0.2.7', '192.0.2.7', true],
  ['192.0.2.7', '192.0.2.8', false],
  ['2001:db8::/32', '2001:db8:1::1', true],
  ['2001:db8::/32', '10.0.0.1', false],
  ['::/0', '10.0.0.1', false],
  ['not a network', '10.0.0.1', false],
  ['10.0.0.0/8', 'not an address', false],
  ['10.0.0.0/8', undefined, false],
])('%s holds %s: %s', (network, address, isInside) => {
  expect(compileCidrs(['203.0.113.0/24', network])(address)).toBe(isInside)
})
