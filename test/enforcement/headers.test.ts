import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { enforcementSettings } from '../../src/config/schema/enforcement.ts'
import { identitySettings } from '../../src/config/schema/identity.ts'
import { encodeValue, removalOf, wayHeaders } from '../../src/enforcement/headers.ts'
import { compileEnforcement, enforce } from '../../src/enforcement/index.ts'
import type { Check, Decision, Subject } from '../../src/model.ts'
import { entrypointOf } from '../support/check-of.ts'
import { ALLOW, ID, identified, sampleCheck, sampleCredential } from '../support/edge-samples.ts'

const config = compileEnforcement(enforcementSettings.parse({}), identitySettings.parse({}))

function pass(
  subject: Subject = identified(),
  hop?: string,
  decision: Decision = ALLOW,
  check: Check = sampleCheck(),
) {
  const answer = enforce(
    decision,
    check,
    subject,
    'elevated',
    hop === undefined ? undefined : { entrypoint: entrypointOf(), hop },
    config,
  )
  if (!('setHeaders' in answer)) throw new Error('it does not pass')
  return answer
}

const NAMES = [
  'issuer',
  'subject',
  'tenant',
  'session',
  'client',
  'actor',
  'workload',
  'scope',
  'acr',
  'risk',
  'decision',
  'degraded',
  'assertion',
  'hop',
].map((name) => `x-vigil-${name}`)

describe('identity headers', () => {
  test('all that is known of the caller', () => {
    const credential = sampleCredential({ actor: { subject: 'agent-7' } })
    const decision: Decision = { ...ALLOW, degraded: ['store', 'signal.token-age'] }
    expect(pass(identified({ credential }), undefined, decision).setHeaders).toEqual([
      ['x-vigil-issuer', 'https://idp.example.com'],
      ['x-vigil-subject', 'alice'],
      ['x-vigil-tenant', 'acme'],
      ['x-vigil-session', 's-1'],
      ['x-vigil-client', 'web'],
      ['x-vigil-actor', 'agent-7'],
      ['x-vigil-scope', 'orders.read orders.write'],
      ['x-vigil-acr', 'phr'],
      ['x-vigil-risk', 'elevated'],
      ['x-vigil-decision', ID],
      ['x-vigil-degraded', 'store,signal.token-age'],
    ])
  })

  test.each([
    ['known to the token’s issuer', { subject: 'agent 7', issuer: 'https://idp.example.com' }, 'agent%207'],
    [
      'known to another',
      { subject: 'agent-7', issuer: 'https://agents.example' },
      'agent-7 https://agents.example',
    ],
    // Its own name cannot look like a name and an issuer.
    [
      'that calls itself so',
      { subject: 'agent-7 https://agents.example' },
      'agent-7%20https://agents.example',
    ],
  ])('ACT-01 an actor %s', (_, actor, value) => {
    const { setHeaders } = pass(identified({ credential: sampleCredential({ actor }) }))
    expect(setHeaders).toContainEqual(['x-vigil-actor', value])
  })

  test.each<Subject>([
    { state: 'anonymous' },
    { state: 'refused', failure: 'identity.token.expired' },
  ])('$state: nobody is named', (subject) => {
    expect(pass(subject).setHeaders.map(([name]) => name)).toEqual(['x-vigil-risk', 'x-vigil-decision'])
  })

  test('a member that is absent or empty is removed, not sent empty', () => {
    const { client: _client, acr: _acr, ...rest } = sampleCredential({ tenant: '', scopes: [] })
    const { setHeaders, removeHeaders } = pass(identified({ credential: rest }))
    const set = setHeaders.map(([name]) => name)
    for (const name of ['x-vigil-tenant', 'x-vigil-scope', 'x-vigil-client', 'x-vigil-acr']) {
      expect(set).not.toContain(name)
      expect(removeHeaders).toContain(name)
    }
  })

  test('the same caller is told the same, however often it comes, and whoever comes between', () => {
    const subject = identified({ workload: { id: 'spiffe://mesh/ns/shop/sa/orders', trustDomain: 'mesh' } })
    const first = pass(subject).setHeaders
    expect(first).toContainEqual(['x-vigil-workload', 'spiffe://mesh/ns/shop/sa/orders'])
    for (let time = 2; time < 6; time++) {
      expect(pass(subject).setHeaders).toEqual(first)
      pass(identified({ credential: sampleCredential({ subject: 'bob' }) }))
    }
  })

  test('every value is encoded, whichever member it comes from', () => {
    const odd = 'a b\n%'
    const credential = sampleCredential({
      issuer: odd,
      subject: odd,
      tenant: odd,
      session: { id: odd, isDerived: false },
      client: odd,
      actor: { subject: odd },
      scopes: [odd],
      acr: odd,
    })
    const told = pass(identified({ credential, workload: { id: odd, trustDomain: 'mesh' } })).setHeaders
    const names = ['issuer', 'subject', 'tenant', 'session', 'client', 'actor', 'scope', 'acr', 'workload']
    for (const name of names) expect(told).toContainEqual([`x-vigil-${name}`, 'a%20b%0A%25'])
  })

  test('monitor passes like allow, and says so in the metadata', () => {
    const monitored = pass(identified(), undefined, { ...ALLOW, effect: 'monitor' })
    expect(monitored).toMatchObject({ effect: 'monitor', metadata: { effect: 'monitor' } })
    expect(monitored.setHeaders).toEqual(pass().setHeaders)
  })
})

describe('inbound copies', () => {
  const every = [
    ['an identified caller', pass()],
    ['an anonymous one', pass({ state: 'anonymous' })],
    ['an edge with a hop', pass(identified(), 'hop-value')],
  ] as const

  test.each(every)('%s: every owned name is set or removed, never both', (_who, answer) => {
    const set = answer.setHeaders.map(([name]) => name)
    const removed = answer.removeHeaders
    expect(set.filter((name) => removed.includes(name))).toEqual([])
    expect(new Set([...set, ...removed])).toEqual(new Set([...set, ...removed, ...NAMES]))
    expect(new Set(set).size).toBe(set.length)
  })

  test.each(NAMES)('every `_` spelling of %s is removed (CVE-2025-64484)', (name) => {
    const parts = name.split('-')
    const spelt = ['-', '_'].flatMap((a) =>
      ['-', '_'].map((b) => `${parts[0]}${a}${parts[1]}${b}${parts[2]}`),
    )
    for (const [, answer] of every) {
      for (const twin of spelt.filter((each) => each !== name)) expect(answer.removeHeaders).toContain(twin)
    }
  })

  test('the hop reaches only who is given one', () => {
    expect(pass().removeHeaders).toContain('x-vigil-hop')
    expect(pass(identified(), 'hop-value').setHeaders).toContainEqual(['x-vigil-hop', 'hop-value'])
  })
})

describe('values', () => {
  test.each([
    ['alice', 'alice'],
    ['https://a/b?c=d&e', 'https://a/b?c=d&e'],
    ['100%', '100%25'],
    ['a b', 'a%20b'],
    ['a\r\nx: y', 'a%0D%0Ax:%20y'],
    ['\u0000', '%00'],
    ['é', '%C3%A9'],
    ['%C3%A9', '%25C3%25A9'],
    ['😀', '%F0%9F%98%80'],
    ['\ud83d', '%ED%A0%BD'],
    ['', ''],
  ])('%j becomes %s', (value, encoded) => {
    expect(encodeValue(value)).toBe(encoded)
  })

  /** Any UTF-16 at all: JSON may hold half a character. */
  const text = fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 })
    .map((units) => String.fromCharCode(...units))

  test('no two values share an encoding', () => {
    const near = fc.constantFrom('%', ' ', 'é', '%20', '\ud800', '\udfff', '\ufffd', 'a', '')
    const value = fc.oneof(
      text,
      fc.array(near, { maxLength: 4 }).map((parts) => parts.join('')),
    )
    const property = fc.property(value, value, (a, b) => {
      expect(encodeValue(a) === encodeValue(b)).toBe(a === b)
    })
    fc.assert(property, { numRuns: 2000 })
  })

  test('lone surrogates stay apart', () => {
    const all = Array.from({ length: 0x800 }, (_, i) => encodeValue(String.fromCharCode(0xd800 + i)))
    expect(new Set([...all, encodeValue('\ufffd')]).size).toBe(0x801)
  })

  test('what comes out is visible ASCII', () => {
    fc.assert(fc.property(text, (value) => /^[\x21-\x7e]*$/.test(encodeValue(value))))
  })

  test('a scope that holds a space cannot look like two', () => {
    const credential = sampleCredential({ scopes: ['a b', 'c'] })
    expect(pass(identified({ credential })).setHeaders).toContainEqual(['x-vigil-scope', 'a%20b c'])
  })
})

describe('response headers and metadata', () => {
  const subject = identified({ scheme: 'DPoP', nextNonce: 'n1' })

  test('DPOP-17 the next nonce rides on the answer, which is then not cached', () => {
    expect(pass(subject).responseHeaders).toEqual([
      ['dpop-nonce', 'n1'],
      ['cache-control', 'no-store'],
    ])
    expect(pass().responseHeaders).toEqual([])
  })

  test('DPOP-19 a script is told that it may read the nonce', () => {
    const check = sampleCheck({}, { origin: 'https://app.example.com' })
    expect(pass(subject, undefined, ALLOW, check).responseHeaders).toContainEqual([
      'access-control-expose-headers',
      'DPoP-Nonce',
    ])
    expect(pass(identified(), undefined, ALLOW, check).responseHeaders).toEqual([])
  })

  test('metadata on every answer: id, effect, level, reasons, and rule and degraded where there are any', () => {
    expect(pass().metadata).toEqual({
      decision: ID,
      effect: 'allow',
      level: 'elevated',
      reasons: ['policy.default.allowed'],
    })
    const decision: Decision = {
      ...ALLOW,
      effect: 'deny',
      failure: 'policy.rule.denied',
      rule: 'own-accounts',
      degraded: ['store'],
    }
    expect(enforce(decision, sampleCheck(), subject, 'high', undefined, config).metadata).toEqual({
      decision: ID,
      effect: 'deny',
      level: 'high',
      reasons: ['policy.default.allowed'],
      rule: 'own-accounts',
      degraded: ['store'],
    })
  })

  test('a decision without a rule tells of none', () => {
    const { rule: _, ...decision } = { rule: 'one', ...ALLOW }
    expect(Object.keys(pass(undefined, undefined, decision).metadata)).not.toContain('rule')
  })

  test('no secret in the metadata or the headers of a pass', () => {
    const check = sampleCheck({}, { authorization: 'Bearer secret', dpop: 'secret', cookie: 'secret' })
    expect(JSON.stringify(pass(subject, undefined, ALLOW, check))).not.toContain('secret')
  })
})

test('MCP-02 the cookie goes where nothing is left of it, and comes back with what is left', () => {
  const entrypoint = entrypointOf({ forwardsCredential: false })
  const removed = (cookie?: string) =>
    removalOf([], { entrypoint, ...(cookie === undefined ? {} : { cookie }) }).filter(
      (name) => !name.startsWith('x'),
    )
  expect(removed()).toEqual(['authorization', 'dpop'])
  expect(removed('theme=dark')).toEqual(['authorization', 'dpop'])
  expect(removed('')).toEqual(['authorization', 'dpop', 'cookie'])
  expect(wayHeaders({ entrypoint, cookie: 'theme=dark' })).toEqual([['cookie', 'theme=dark']])
  expect(wayHeaders({ entrypoint, cookie: '' })).toEqual([])
  expect(wayHeaders(undefined)).toEqual([])
})

test('MCP-02 the credential is removed where the entrypoint does not forward it', () => {
  const removed = (forwardsCredential: boolean) => {
    const way = { entrypoint: entrypointOf({ forwardsCredential }) }
    const answer = enforce(ALLOW, sampleCheck(), identified(), 'low', way, config)
    return 'removeHeaders' in answer ? answer.removeHeaders : []
  }
  const [kept, gone] = [removed(true), removed(false)]
  expect(kept).not.toEqual(expect.arrayContaining(['authorization']))
  expect(gone).toEqual([...kept, 'authorization', 'dpop'])
  // The same object each time: its encoding is kept.
  expect(removed(false)).toBe(gone)
})
