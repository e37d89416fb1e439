import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, test } from '@jest/globals'
import { contextSettings } from '../../../src/config/schema/context.ts'
import curated from '../../../src/context/network/classes.json' with { type: 'json' }
import { compileClassify } from '../../../src/context/network/classify.ts'

const compile = (classes: object[] = []) =>
  compileClassify(contextSettings.parse({ network: { classes } }).network.classes)

const classify = (classes?: object[]) => {
  const compiled = compile(classes)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  return compiled.value
}

describe('the class of an address', () => {
  const own = [
    { class: 'corporate', networks: ['198.51.100.0/24', '2001:db8:1::/48'] },
    { class: 'vpn', asns: [64500], networks: ['198.51.100.7'] },
    { class: 'unknown', asns: [14061] },
  ]
  test.each([
    ['10.1.2.3', undefined, 'private'],
    ['192.168.0.1', undefined, 'private'],
    ['127.0.0.1', undefined, 'private'],
    ['100.64.0.1', undefined, 'private'],
    ['169.254.1.1', undefined, 'private'],
    ['fd00::1', undefined, 'private'],
    ['fe80::1', undefined, 'private'],
    ['203.0.113.9', undefined, 'unknown'],
    ['203.0.113.9', 64501, 'unknown'],
    ['203.0.113.9', 14061, 'hosting'],
    ['203.0.113.9', 21928, 'mobile'],
    ['203.0.113.9', 3320, 'residential'],
    ['203.0.113.9', 14593, 'satellite'],
    ['203.0.113.9', 216025, 'vpn'],
    ['203.0.113.9', 36183, 'relay'],
    ['203.0.113.9', 22616, 'corporate'],
  ])('%s of AS%s: %s', (ip, asn, expected) => {
    expect(classify()(ip, asn)).toBe(expected)
  })

  test.each([
    ['198.51.100.7', 64500, 'corporate'],
    ['203.0.113.9', 64500, 'vpn'],
    ['2001:db8:1::5', undefined, 'corporate'],
    ['203.0.113.9', 14061, 'unknown'],
    ['10.1.2.3', undefined, 'private'],
  ])('%s of AS%s by the operator’s word: %s', (ip, asn, expected) => {
    expect(classify(own)(ip, asn)).toBe(expected)
  })
})

test.each([
  [
    { class: 'vpn' },
    ['context', 'network', 'classes', 0],
    'name what is of this class: networks, asns or both',
  ],
  [
    { class: 'vpn', networks: ['10.0.0.0/33'] },
    ['context', 'network', 'classes', 0, 'networks', 0],
    'write an address or a network, e.g. 10.0.0.0/8',
  ],
])('%j is refused', (entry, path, message) => {
  expect(compile([entry])).toEqual({ ok: false, problems: [{ path, message }] })
})

describe('the curated list', () => {
  const entries = Object.entries(curated).flatMap(([name, systems]) =>
    Object.entries(systems).map(([asn, holder]) => ({ name, asn: Number(asn), holder: String(holder) })),
  )

  test('names each system once', () => {
    expect(new Set(entries.map(({ asn }) => asn)).size).toBe(entries.length)
  })

  test('names its holder as the packaged data do, so that no number is a slip', () => {
    const holders = new Map<number, string>()
    const require = createRequire(import.meta.url)
    for (const family of ['v4', 'v6']) {
      const csv = readFileSync(require.resolve(`@ip-location-db/asn/asn-ip${family}.csv`), 'utf8')
      for (const [, asn, quoted, plain] of csv.matchAll(/^[^,]+,[^,]+,(\d+),(?:"(.*)"|(.*))$/gm))
        if (!holders.has(Number(asn))) holders.set(Number(asn), quoted?.replaceAll('""', '"') ?? plain ?? '')
    }
    expect(entries.map(({ asn, holder }) => [asn, holder])).toEqual(
      entries.map(({ asn }) => [asn, holders.get(asn)]),
    )
  })

  test('every class of it is told in docs/network.md with its number of systems', () => {
    const page = readFileSync(new URL('../../../docs/network.md', import.meta.url), 'utf8')
    for (const [name, systems] of Object.entries(curated))
      expect(page).toContain(`| \`${name}\` | ${Object.keys(systems).length} |`)
  })
})
