import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { enforcementSettings } from '../../src/config/schema/enforcement.ts'
import { entrypointsSettings } from '../../src/config/schema/entrypoints.ts'
import { identitySettings } from '../../src/config/schema/identity.ts'
import { compileEnforcement } from '../../src/enforcement/index.ts'
import { compileModes, modeOf } from '../../src/enforcement/mode.ts'
import { percentileOf } from '../../src/lib/share.ts'
import type { Check, Subject } from '../../src/model.ts'
import { entrypointOf } from '../support/check-of.ts'
import { identified, sampleCheck, sampleCredential } from '../support/edge-samples.ts'

const ENTRYPOINTS = [
  { name: 'beta', mode: 'observe' },
  { name: 'admin', mode: 'enforce' },
  { name: 'gateway' },
]
const modesOf = (raw: object, entrypoints: readonly object[] = []) =>
  compileModes(enforcementSettings.parse(raw), entrypointsSettings.parse(entrypoints))

const of = (tenant: string, id = 's-1'): Subject =>
  identified({ credential: sampleCredential({ tenant, session: { id, isDerived: false } }) })
const NOBODY: Subject = { state: 'anonymous' }
const REFUSED: Subject = { state: 'refused', failure: 'identity.token.expired' }

interface Asked {
  readonly entrypoint?: string
  readonly at?: string
  readonly subject?: Subject
  readonly address?: string
  readonly check?: Partial<Check>
}

function modeIn(modes: ReturnType<typeof compileModes>, asked: Asked = {}) {
  const { entrypoint = 'gateway', at, subject = of('acme'), address, check = {} } = asked
  const through = entrypointOf({ name: entrypoint, ...(at === undefined ? {} : { tenant: at }) })
  return modeOf(sampleCheck(check), through, subject, address, modes)
}

test.each([
  [{}, []],
  [{ percentage: 0, mode: 'observe' }, []],
  [{ tenants: { acme: 'enforce' } }, [{ name: 'gateway', mode: 'enforce' }]],
])('nothing is observed: %j', (raw, entrypoints) => {
  const modes = modesOf(raw, entrypoints)
  expect(modes).toBeUndefined()
  expect(modeIn(modes)).toBe('enforce')
})

describe('where entrypoint, tenant and host say a mode, enforce wins; where none does, that of all holds', () => {
  const enforcing = {
    tenants: { acme: 'observe', globex: 'enforce' },
    hosts: { 'beta.example.com': 'observe', '*.Example.com': 'observe', 'admin.example.com': 'enforce' },
  }
  const observing = { ...enforcing, mode: 'observe' }
  const at = (host: string) => ({ check: { authority: host } })
  const other = { subject: of('other'), ...at('example.org') }
  test.each<[string, object, Asked, string]>([
    ['none says anything', enforcing, other, 'enforce'],
    ['none says anything, all observe', observing, other, 'observe'],
    ['the entrypoint observes', enforcing, { ...other, entrypoint: 'beta' }, 'observe'],
    ['the entrypoint enforces', observing, { ...other, entrypoint: 'admin' }, 'enforce'],
    ['an entrypoint of no mode', observing, { ...other, entrypoint: 'unmatched' }, 'observe'],
    ['the tenant observes', enforcing, { ...other, subject: of('acme') }, 'observe'],
    ['the tenant enforces', observing, { ...other, subject: of('globex') }, 'enforce'],
    ['the host observes', enforcing, { ...other, ...at('beta.example.com:8443') }, 'observe'],
    ['the host observes by its domain', enforcing, { ...other, ...at('x.example.com') }, 'observe'],
    ['the domain itself is no subdomain', enforcing, { ...other, ...at('example.com') }, 'enforce'],
    ['the host enforces', observing, { ...other, ...at('admin.example.com') }, 'enforce'],
    ['of two patterns', observing, { ...other, ...at('admin.example.com:443') }, 'enforce'],
    ['tenant observes, host enforces', enforcing, at('admin.example.com'), 'enforce'],
    [
      'tenant enforces, entrypoint observes',
      enforcing,
      { subject: of('globex'), entrypoint: 'beta' },
      'enforce',
    ],
    [
      'entrypoint enforces, tenant observes',
      observing,
      { subject: of('acme'), entrypoint: 'admin' },
      'enforce',
    ],
  ])('%s', (_what, raw, asked, expected) => {
    expect(modeIn(modesOf(raw, ENTRYPOINTS), asked)).toBe(expected)
  })

  test.each([
    NOBODY,
    REFUSED,
  ])('who is not identified has the tenant of the entrypoint, or none: %j', (subject) => {
    const modes = modesOf({ mode: 'observe', tenants: { acme: 'enforce' } })
    expect(modeIn(modes, { subject })).toBe('observe')
    expect(modeIn(modes, { subject, at: 'acme' })).toBe('enforce')
    expect(modeIn(modes, { subject: of('globex'), at: 'acme' })).toBe('observe')
  })
})

describe('a check that could not be read is observed only where everything is', () => {
  const unread = ['undecodable', 'oversized', 'not-http', 'host'] as const
  const partly: [object, object[]][] = [
    [{ mode: 'observe', percentage: 99.9 }, []],
    [{ mode: 'observe', tenants: { globex: 'enforce' } }, []],
    [{ mode: 'observe', hosts: { 'admin.example.com': 'enforce' } }, []],
    [{ mode: 'observe' }, [{ name: 'admin', mode: 'enforce' }]],
    [{ mode: 'enforce' }, [{ name: 'gateway', mode: 'observe' }]],
  ]
  test.each(unread)('%s', (what) => {
    const check = { malformed: `check.request.${what}` as const, authority: '' }
    expect(modeIn(modesOf({ mode: 'observe' }), { check })).toBe('observe')
    for (const [raw, entrypoints] of partly)
      expect(modeIn(modesOf(raw, entrypoints), { check, subject: NOBODY })).toBe('enforce')
  })

  test('a hostile path was read: its host and entrypoint are what they are', () => {
    const check = { malformed: 'check.request.path' } as const
    expect(modeIn(modesOf({ mode: 'observe', percentage: 99.9999 }), { check })).toBe('observe')
    expect(modeIn(modesOf({ hosts: { 'api.example.com': 'observe' } }), { check })).toBe('observe')
  })
})

test.each<[string, Partial<Check>, string]>([
  ['the canary', {}, 'enforce'],
  ['one that could not be read', { malformed: 'check.request.header' }, 'enforce'],
  ['one of an unknown host', { malformed: 'check.request.host' }, 'enforce'],
  ['one below a prefix', { path: '/v1/.well-known/vigil-canary' }, 'enforce'],
  ['another path', { path: '/.well-known/vigil-canary/' }, 'observe'],
])('in observe mode, %s', (_name, check, mode) => {
  const asked = { check: { path: '/.well-known/vigil-canary', ...check } }
  expect(modeIn(modesOf({ mode: 'observe' }), asked)).toBe(mode)
})

test.each([
  ['nothing', {}],
  ['part', { mode: 'observe', percentage: 50 }],
  ['everything', { mode: 'observe' }],
])('that %s is observed is told: %j', (observes, raw) => {
  const settings = enforcementSettings.parse(raw)
  expect(compileEnforcement(settings, identitySettings.parse({})).observes).toBe(observes)
})

describe('percentage', () => {
  const sessions = Array.from({ length: 2000 }, (_, i) => of('acme', `session ${i}`))
  const observedAt = (percentage: number) => {
    const modes = modesOf({ mode: 'observe', percentage })
    return sessions.filter((subject) => modeIn(modes, { subject }) === 'observe')
  }

  test.each([
    1, 10, 50, 90,
  ])('%d %% of the sessions are observed, and a larger share holds the smaller one', (share) => {
    const observed = observedAt(share)
    expect(Math.abs(observed.length / sessions.length - share / 100)).toBeLessThan(0.04)
    const more = new Set(observedAt(share + 5))
    expect(observed.every((subject) => more.has(subject))).toBe(true)
  })

  test('the others are enforced', () => {
    const modes = modesOf({ mode: 'observe', percentage: 50 })
    expect(new Set(sessions.map((subject) => modeIn(modes, { subject })))).toEqual(
      new Set(['observe', 'enforce']),
    )
  })

  test('a session keeps its mode, whatever token, address or entrypoint it comes with', () => {
    const modes = modesOf({ mode: 'observe', percentage: 50 })
    for (const subject of sessions.slice(0, 50)) {
      if (subject.state !== 'identified') throw new Error('it is')
      const { credential } = subject
      const later = { ...subject, credential: { ...credential, tokenId: 't', tokenHash: 'h', issuedAt: 5 } }
      const first = modeIn(modes, { subject, address: '192.0.2.1' })
      expect(modeIn(modes, { subject: later, address: '192.0.2.9', entrypoint: 'beta' })).toBe(first)
    }
  })

  test('who has no session belongs to the share by the address: another bad token changes nothing', () => {
    const modes = modesOf({ mode: 'observe', percentage: 50 })
    const byAddress = new Set<string>()
    for (let i = 0; i < 50; i++) {
      const address = `192.0.2.${i}`
      const mode = modeIn(modes, { subject: NOBODY, address })
      byAddress.add(mode)
      const refusals = ['identity.token.expired', 'identity.token.signature'] as const
      for (const failure of refusals)
        expect(modeIn(modes, { subject: { state: 'refused', failure, detail: `${i}` }, address })).toBe(mode)
    }
    expect(byAddress.size).toBe(2)
  })

  test('what is enforced stays enforced in every share', () => {
    const modes = modesOf({ mode: 'observe', percentage: 99, tenants: { acme: 'enforce' } })
    expect(sessions.filter((subject) => modeIn(modes, { subject }) === 'observe')).toEqual([])
  })

  test('places are spread over 0 to 100, and the same everywhere', () => {
    expect(percentileOf('session\nhttps://idp.example.com\ns-1')).toBeCloseTo(PLACE, 6)
    const property = fc.property(fc.string(), (text) => {
      const place = percentileOf(text)
      expect(place >= 0 && place < 100).toBe(true)
      expect(percentileOf(text)).toBe(place)
    })
    fc.assert(property)
  })
})

/** The first 48 bits of the SHA-256, by `sha256sum`, times 100 over 2 to the 48. */
const PLACE = 45.56371145946194
