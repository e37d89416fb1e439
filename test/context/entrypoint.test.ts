import { describe, expect, test } from '@jest/globals'
import type { z } from 'zod'
import { entrypointsSettings } from '../../src/config/schema/entrypoints.ts'
import { compileEntrypoints } from '../../src/context/entrypoint.ts'
import type { Check } from '../../src/model.ts'
import { checkOf } from '../support/check-of.ts'

type Written = z.input<typeof entrypointsSettings>

function matcher(written: Written) {
  const compiled = compileEntrypoints(entrypointsSettings.parse(written))
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  return compiled.value
}

function problemsOf(written: Written) {
  const compiled = compileEntrypoints(entrypointsSettings.parse(written))
  return compiled.ok ? [] : compiled.problems
}

const GATEWAY = 'spiffe://mesh/ns/ingress/sa/gateway'
const verified = { state: 'verified', sans: ['dns.example', GATEWAY] } as const

describe('which entrypoint a check came through', () => {
  const all: Written = [
    { name: 'by-san', match: { callerSan: GATEWAY } },
    { name: 'by-principal', match: { destinationPrincipal: 'spiffe://mesh/app' }, role: 'inside' },
    { name: 'by-port-and-extension', match: { port: 9443, extension: { route: 'a', zone: 'b' } } },
    { name: 'by-port', match: { port: 9443 } },
  ]
  const to = (port: number, principal = '') => ({ destination: { ip: '10.0.0.1', port, principal } })
  const extensions = (...pairs: [string, string][]) => new Map(pairs)
  const table: [string, Partial<Check>, string][] = [
    ['verified caller with the SAN', { caller: verified }, 'by-san'],
    [
      'the same names from an unverified caller',
      { caller: { ...verified, state: 'unverified' } },
      'unmatched',
    ],
    ['the same names over a Unix socket', { caller: { ...verified, state: 'local' } }, 'unmatched'],
    [
      'verified caller with another SAN',
      { caller: { state: 'verified', sans: [`${GATEWAY}2`] } },
      'unmatched',
    ],
    ['destination principal', to(1, 'spiffe://mesh/app'), 'by-principal'],
    ['another destination principal', to(1, 'spiffe://mesh/ap'), 'unmatched'],
    ['port alone', to(9443), 'by-port'],
    ['port and one of two extensions', { ...to(9443), extensions: extensions(['route', 'a']) }, 'by-port'],
    [
      'port and both extensions',
      { ...to(9443), extensions: extensions(['route', 'a'], ['zone', 'b'], ['x', 'y']) },
      'by-port-and-extension',
    ],
    [
      'port and an unequal extension',
      { ...to(9443), extensions: extensions(['route', 'a'], ['zone', 'c']) },
      'by-port',
    ],
    ['two that match: the first', { ...to(9443), caller: verified }, 'by-san'],
    ['nothing', {}, 'unmatched'],
  ]
  test.each(table)('%s', (_, change, name) => {
    expect(matcher(all).match(checkOf(change)).name).toBe(name)
  })

  test('an empty match takes every check', () => {
    expect(matcher([{ name: 'any' }]).match(checkOf()).name).toBe('any')
  })

  test('no match is trusted with nothing', () => {
    const unmatched = matcher([
      { name: 'inner', match: { port: 1 }, role: 'inside', trustedProxies: 3 },
    ]).match(checkOf())
    expect(unmatched).toEqual({
      name: 'unmatched',
      role: 'edge',
      trustedProxies: 0,
      envoyAppends: false,
      externalOrigins: [],
      peerVerified: false,
      trustsXfcc: false,
      clientCertFrom: [],
      edges: [],
      issuesHop: false,
      forwardsCredential: true,
    })
  })
})

test('an entrypoint is found by its name again; a name that is not configured is trusted with nothing', () => {
  const match = matcher([
    { name: 'gateway', match: { callerSan: GATEWAY }, externalOrigins: ['https://api.example.com'] },
    { name: 'sidecar', match: { port: 9443 }, role: 'inside' },
  ])
  expect(match.named('gateway')).toBe(match.match(checkOf({ caller: verified })))
  expect(match.named('sidecar')).toMatchObject({ name: 'sidecar', role: 'inside' })
  for (const name of ['unmatched', 'removed', '__proto__'])
    expect(match.named(name)).toMatchObject({ name: 'unmatched', externalOrigins: [], issuesHop: false })
})

describe('what an entrypoint becomes', () => {
  test('edges issue hops only where something inside reads them', () => {
    const edge = { name: 'edge', match: { port: 1 } }
    const inner = { name: 'inner', match: { port: 2 }, role: 'inside' } as const
    const at = (port: number) => checkOf({ destination: { port, principal: '' } })
    expect(matcher([edge]).match(at(1)).issuesHop).toBe(false)
    expect(matcher([edge, inner]).match(at(1)).issuesHop).toBe(true)
    expect(matcher([edge, inner]).match(at(2)).issuesHop).toBe(false)
  })

  const origins: [string, string][] = [
    ['https://API.Example.com:443', 'https://api.example.com'],
    ['http://api.example.com:80', 'http://api.example.com'],
    ['https://api.example.com:8443', 'https://api.example.com:8443'],
    ['https://api.example.com:80', 'https://api.example.com:80'],
    ['https://[2001:DB8::1]:443', 'https://[2001:db8::1]'],
  ]
  test.each(origins)('origin %s is %s', (written, origin) => {
    expect(matcher([{ name: 'a', externalOrigins: [written] }]).match(checkOf()).externalOrigins).toEqual([
      origin,
    ])
  })

  test('ranges of addresses are spelt in one way', () => {
    const clientCertFrom = ['10.1.2.3/8', '192.0.2.1', '2001:DB8::5/32', '::ffff:10.0.0.1/104', '::1']
    expect(matcher([{ name: 'a', clientCertFrom }]).match(checkOf()).clientCertFrom).toEqual([
      '10.0.0.0/8',
      '192.0.2.1/32',
      '2001:db8::/32',
      '10.0.0.0/8',
      '::1/128',
    ])
  })
})

describe('what is refused at load', () => {
  const table: [string, Written, (string | number)[]][] = [
    ['a duplicate name', [{ name: 'a', match: { port: 1 } }, { name: 'a' }], ['entrypoints', 1, 'name']],
    ['the reserved name', [{ name: 'unmatched' }], ['entrypoints', 0, 'name']],
    ['one behind an empty match', [{ name: 'a' }, { name: 'b', match: { port: 1 } }], ['entrypoints', 1]],
    [
      'an origin with an impossible port',
      [{ name: 'a', externalOrigins: ['https://a:99999'] }],
      ['entrypoints', 0, 'externalOrigins', 0],
    ],
    ...[
      '10.0.0.0/33',
      '10.0.0/8',
      '010.0.0.1/8',
      '::/129',
      '::ffff:1.2.3.4/95',
      '10.0.0.0/',
      'proxy',
      '',
    ].map((cidr): [string, Written, (string | number)[]] => [
      `the range "${cidr}"`,
      [{ name: 'a', clientCertFrom: ['10.0.0.0/8', cidr] }],
      ['entrypoints', 0, 'clientCertFrom', 1],
    ]),
  ]
  test.each(table)('%s', (_, written, path) => {
    expect(problemsOf(written).map((p) => p.path)).toEqual([path])
  })
})
