import { describe, expect, test } from '@jest/globals'
import { enforcementSettings } from '../../src/config/schema/enforcement.ts'
import { identitySettings } from '../../src/config/schema/identity.ts'
import { compileEnforcement, enforce } from '../../src/enforcement/index.ts'
import type { Check, Decision, Entrypoint, Requirement } from '../../src/model.ts'
import { entrypointOf } from '../support/check-of.ts'
import { DECISION_BASE, identified, sampleCheck } from '../support/edge-samples.ts'
import { deny } from './answering.ts'

const LOGIN = 'https://app.example.com/login?kind=up&acr={acr}&max_age={max_age}&return_to={return_to}'
const stepUp = (unmet: Requirement): Decision => ({
  ...DECISION_BASE,
  effect: 'step-up',
  unmet,
  marksChallenge: true,
})

interface Given {
  readonly loginUrl?: string
  readonly check?: Partial<Check>
  readonly entrypoint?: Partial<Entrypoint>
  readonly decision?: Decision
  readonly headers?: Record<string, string>
}

function answer({ loginUrl = LOGIN, check, entrypoint, decision, headers }: Given) {
  const config = compileEnforcement(
    enforcementSettings.parse(loginUrl === '' ? {} : { loginUrl }),
    identitySettings.parse({}),
  )
  const made = enforce(
    decision ?? stepUp({ acr: ['phrh', 'phr'], maxAgeSeconds: 300 }),
    sampleCheck(check, { 'sec-fetch-mode': 'navigate', ...headers }),
    identified(),
    'low',
    { entrypoint: entrypointOf({ externalOrigins: ['https://api.example.com'], ...entrypoint }) },
    config,
  )
  if (!('status' in made)) throw new Error('it passes')
  return { status: made.status, body: made.body, of: new Map(made.headers) }
}

describe('a browser that is about to show a page is sent to the login of the application', () => {
  test('with what is unmet, and the address to come back to', () => {
    const { status, body, of } = answer({})
    expect([status, body]).toEqual([302, ''])
    expect([...of]).toEqual([
      [
        'location',
        'https://app.example.com/login?kind=up&acr=phrh%20phr&max_age=300&return_to=https%3A%2F%2Fapi.example.com%2Fv1%2Forders',
      ],
      ['cache-control', 'no-store'],
    ])
  })

  test.each<[string, Requirement, string]>([
    ['only the age', { maxAgeSeconds: 0 }, '/login?max_age=0'],
    ['only the class', { acr: ['a&b'] }, '/login?acr=a%26b'],
    ['nothing', {}, '/login'],
  ])('%s: a parameter without a value is left out', (_what, unmet, location) => {
    const loginUrl = '/login?acr={acr}&max_age={max_age}'
    expect(answer({ loginUrl, decision: stepUp(unmet) }).of.get('location')).toBe(location)
  })

  test('a placeholder without a name is no placeholder', () => {
    expect(answer({ loginUrl: '/login?{acr}&x' }).of.get('location')).toBe('/login?{acr}&x')
  })

  test('a login route without parameters stays as it is', () => {
    expect(answer({ loginUrl: '/login' }).of.get('location')).toBe('/login')
  })
})

describe('the way back is from the configuration, never from the Host', () => {
  const origins = ['https://api.example.com', 'https://shop.example.com:8443']
  const back = (authority: string, externalOrigins = origins) => {
    const given = { loginUrl: '/login?to={return_to}', check: { authority }, entrypoint: { externalOrigins } }
    const location = answer(given).of.get('location')
    return location === undefined ? undefined : decodeURIComponent(location.slice('/login?to='.length))
  }

  test.each([
    ['shop.example.com:8443', 'https://shop.example.com:8443/v1/orders'],
    ['api.example.com', 'https://api.example.com/v1/orders'],
    ['api.example.com:443', 'https://api.example.com/v1/orders'],
    ['evil.example.com', 'https://api.example.com/v1/orders'],
  ])('host %s: %s', (authority, address) => expect(back(authority)).toBe(address))

  test('no redirect where no origin is configured', () => {
    expect(answer({ entrypoint: { externalOrigins: [] } }).status).toBe(401)
  })

  test('a path that looks like a host stays a path', () => {
    const { of } = answer({ check: { path: '//evil.example.com/x' } })
    expect(of.get('location')).toMatch(/return_to=https%3A%2F%2Fapi\.example\.com%2F%2Fevil/)
  })

  test.each<[string, string | undefined, string]>([
    ['none', undefined, ''],
    ['an empty one', '', '?'],
    ['as the person asked', 'id=7&sort=a%20b', '?id=7&sort=a%20b'],
    [
      'one that would be a parameter of the login',
      'x=1&to=https://evil.example',
      '?x=1&to=https://evil.example',
    ],
    ['as long as may be', 'x'.repeat(2048), `?${'x'.repeat(2048)}`],
    ['too long', 'x'.repeat(2049), ''],
    ['bytes that are no text', 'a=\u00e9', ''],
    ['half a character', 'a=\ud800', ''],
  ])('the query is in it: %s', (_what, query, expected) => {
    const location = answer({ loginUrl: '/login?to={return_to}', check: { query } }).of.get('location') ?? ''
    expect([...new URLSearchParams(location.slice('/login?'.length))]).toEqual([
      ['to', `https://api.example.com/v1/orders${expected}`],
    ])
  })
})

describe('everybody else gets the answer of RFC 9470', () => {
  test.each<[string, Given]>([
    ['a script', { headers: { 'sec-fetch-mode': 'cors' } }],
    ['a form that was sent', { check: { method: 'POST' } }],
    ['a WebSocket, which follows no redirect', { headers: { upgrade: 'websocket', connection: 'Upgrade' } }],
    ['a gRPC caller', { check: { isGrpc: true } }],
    ['no login route', { loginUrl: '' }],
  ])('%s', (_what, given) => {
    const { status, of } = answer(given)
    expect(status).toBe(401)
    expect(of.get('www-authenticate')).toContain('insufficient_user_authentication')
    expect(of.has('location')).toBe(false)
  })

  test('and no other refusal is a redirect', () => {
    for (const failure of ['identity.credential.missing', 'policy.rule.denied'] as const) {
      const { status, of } = answer({ decision: deny(failure) })
      expect(status).toBeGreaterThanOrEqual(401)
      expect(of.has('location')).toBe(false)
    }
  })
})
