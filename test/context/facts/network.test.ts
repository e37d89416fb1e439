import { describe, expect, test } from '@jest/globals'
import { compileNetwork } from '../../../src/context/facts/network.ts'

function finding() {
  const asked: string[] = []
  const find = compileNetwork(
    {
      find: (ip) => {
        asked.push(ip)
        return { country: 'DE', asn: 64500, city: undefined }
      },
    },
    () => 'mobile',
  )
  return { find, asked }
}

const NOTHING = { country: undefined, asn: undefined, class: 'unknown', city: undefined }

describe('the network of the client’s address', () => {
  test('country, system and class', () => {
    const { find } = finding()
    const expected = { country: 'DE', asn: 64500, class: 'mobile', city: undefined }
    expect(find({ ip: '192.0.2.1', isUntrusted: false })).toEqual(expected)
  })

  test('is looked up once for an address that comes again', () => {
    const { find, asked } = finding()
    const first = find({ ip: '192.0.2.1', isUntrusted: false })
    find({ ip: '192.0.2.2', isUntrusted: false })
    expect(find({ ip: '192.0.2.1', isUntrusted: false })).toBe(first)
    expect(asked).toEqual(['192.0.2.1', '192.0.2.2'])
  })

  test.each([
    ['an address that may be a proxy’s', { ip: '192.0.2.1', isUntrusted: true }],
    ['no address', { isUntrusted: false }],
  ])('%s: nothing is said', (_, address) => {
    const { find, asked } = finding()
    expect(find(address)).toEqual(NOTHING)
    expect(asked).toEqual([])
  })

  test('remembers a bounded number of addresses', () => {
    const { find, asked } = finding()
    for (let i = 0; i < 20_000; i++) find({ ip: `10.0.${i >> 8}.${i & 255}`, isUntrusted: false })
    find({ ip: '10.0.0.0', isUntrusted: false })
    expect(asked).toHaveLength(20_001)
  })
})
