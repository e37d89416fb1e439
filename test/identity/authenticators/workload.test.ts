import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { identitySettings } from '../../../src/config/schema/identity.ts'
import { compileIdentity, equip, identify } from '../../../src/identity/index.ts'
import type { Check, Entrypoint, Subject } from '../../../src/model.ts'
import { makeCheck, makeEntrypoint } from '../../harness/requests.ts'
import { ALLOW, config as plain } from '../identifying.ts'

const ID = 'spiffe://mesh.example.com/ns/shop/sa/orders'
const GATEWAY = 'spiffe://mesh.example.com/ns/ingress/sa/gateway'
const settings = identitySettings.parse({
  workloads: { trustDomains: [{ name: 'mesh.example.com' }, { name: 'partner.example', tenant: 'partner' }] },
})
const config = compileIdentity(plain, { unverifiedCaller: false }, settings)
const sidecar = makeEntrypoint({ role: 'inside', issuesHop: false, peerVerified: true, edges: [GATEWAY] })

interface Given {
  readonly principal?: string
  readonly entrypoint?: Partial<Entrypoint>
  readonly headers?: Record<string, string | string[]>
  readonly caller?: Check['caller']['state']
  readonly certificate?: string
}

const folder = join(import.meta.dirname, '../../golden/certificates')

function subjectOf(given: Given, using = config): Subject {
  const { principal = '', headers = {}, caller = 'verified', certificate } = given
  const shown =
    certificate === undefined
      ? {}
      : { certificate: new X509Certificate(readFileSync(join(folder, `${certificate}.pem`))).raw }
  const check = makeCheck({ headers, caller: { state: caller, sans: [] }, source: { principal, ...shown } })
  const subject = identify(check, { ...sidecar, ...given.entrypoint }, using)
  if (subject instanceof Promise) throw new Error('waits')
  return subject
}

/** The state, the failure, or kind and name. */
function verdict(given: Given, using = config): string {
  const subject = subjectOf(given, using)
  if (subject.state === 'identified') return `${subject.credential.kind} ${subject.credential.subject}`
  return subject.state === 'refused' ? subject.failure : subject.state
}

const xfcc = (value: string | string[]) => ({ 'x-forwarded-client-cert': value })
const TRUSTED = { entrypoint: { trustsXfcc: true } }

describe('a peer without a token', () => {
  test('SPIFFE-01 is the workload of its principal', () => {
    expect(subjectOf({ principal: ID })).toEqual({
      state: 'identified',
      credential: {
        issuer: 'spiffe://mesh.example.com',
        subject: ID,
        kind: 'workload',
        tenant: '',
        session: { id: expect.stringMatching(/^[\w-]{43}$/), isDerived: true },
        scopes: [],
        amr: [],
        claims: {},
        confirmation: {},
      },
      scheme: undefined,
      carrier: 'peer',
      workload: { id: ID, trustDomain: 'mesh.example.com' },
      binding: { state: 'verified', methods: ['mtls'], isRequired: false, isCarried: false },
      uses: [],
      isCounted: false,
      nextNonce: undefined,
    })
  })

  test.each<[string, Given, string]>([
    ['its scheme in capitals', { principal: ID.replace('spiffe', 'SPIFFE') }, `workload ${ID}`],
    ['a DNS name', { principal: 'orders.shop' }, 'anonymous'],
    ['a subject', { principal: 'CN=orders' }, 'anonymous'],
    ['no principal', {}, 'anonymous'],
    ['an Envoy that validates nothing', { principal: ID, entrypoint: { peerVerified: false } }, 'anonymous'],
    [
      'another trust domain',
      { principal: 'spiffe://evil.example/ns/shop/sa/orders' },
      'identity.workload.trust-domain',
    ],
    [
      'a longer trust domain',
      { principal: 'spiffe://mesh.example.com.evil/a' },
      'identity.workload.trust-domain',
    ],
    [
      'a trust domain inside another',
      { principal: 'spiffe://a.mesh.example.com/a' },
      'identity.workload.trust-domain',
    ],
    ['the trust domain itself', { principal: 'spiffe://mesh.example.com' }, 'identity.workload.malformed'],
    ['a port', { principal: 'spiffe://mesh.example.com:443/ns/a' }, 'identity.workload.malformed'],
    ['a query', { principal: `${ID}?a` }, 'identity.workload.malformed'],
    ['capitals', { principal: 'spiffe://Mesh.example.com/ns/a' }, 'identity.workload.malformed'],
    [
      'user information',
      { principal: 'spiffe://mesh.example.com@evil.example/a' },
      'identity.workload.malformed',
    ],
    ['dot segments', { principal: 'spiffe://mesh.example.com/a/../b' }, 'identity.workload.malformed'],
    ['two names in one', { principal: `${ID},${ID}` }, 'identity.workload.malformed'],
    ['a name of 3,000 characters', { principal: `${ID}${'a'.repeat(3000)}` }, 'identity.workload.malformed'],
    ['its certificate', { principal: ID, certificate: 'svid-orders' }, `workload ${ID}`],
    [
      'SPIFFE-02 with two URIs',
      { principal: ID, certificate: 'svid-two-uris' },
      'identity.workload.certificate',
    ],
    [
      'SPIFFE-02 of another',
      { principal: `${ID}2`, certificate: 'svid-orders' },
      'identity.workload.certificate',
    ],
    [
      'SPIFFE-03 of an authority',
      { principal: ID, certificate: 'svid-authority' },
      'identity.workload.certificate',
    ],
    [
      'SPIFFE-03 that signs others',
      { principal: ID, certificate: 'svid-signing' },
      'identity.workload.certificate',
    ],
  ])('%s', (_, given, expected) => {
    expect(verdict(given)).toBe(expected)
  })

  test.each<[string, Given, string | RegExp]>([
    [
      'another trust domain',
      { principal: 'spiffe://evil.example/a' },
      '"evil.example"; configured are mesh.example.com, partner.example',
    ],
    ['no name', { principal: 'spiffe://mesh.example.com' }, 'the peer is called "spiffe://mesh.example.com"'],
    ['its certificate', { principal: `${ID}2`, certificate: 'svid-orders' }, /^the certificate .+/],
    ['XFCC', { ...TRUSTED, headers: xfcc('nonsense') }, 'x-forwarded-client-cert cannot be read'],
    [
      'two URIs',
      { ...TRUSTED, headers: xfcc(`URI=${ID};URI=${ID}`) },
      'x-forwarded-client-cert names 2 URIs',
    ],
  ])('the record is told what was wrong: %s', (_, given, detail) => {
    const subject = subjectOf(given)
    expect(subject).toHaveProperty(
      'detail',
      typeof detail === 'string' ? detail : expect.stringMatching(detail),
    )
  })

  test('sessions of two workloads are two', () => {
    const sessionOf = (principal: string) => {
      const subject = subjectOf({ principal })
      return subject.state === 'identified' ? subject.credential.session.id : undefined
    }
    expect(sessionOf(ID)).not.toBe(sessionOf(`${ID}2`))
  })

  test.each([
    ['unverified', false, 'identity.workload.untrusted-caller'],
    ['unverified', true, `workload ${ID}`],
    ['local', false, `workload ${ID}`],
    ['verified', false, `workload ${ID}`],
  ] as const)('told by an Envoy that is %s (acknowledged: %s)', (caller, unverifiedCaller, expected) => {
    expect(verdict({ principal: ID, caller }, compileIdentity(plain, { unverifiedCaller }, settings))).toBe(
      expected,
    )
  })

  test('SPIFFE-02 a certificate that was good for one name is judged again for another', () => {
    const certificate = new X509Certificate(readFileSync(join(folder, 'svid-orders.pem'))).raw
    const states = [ID, `${ID}2`, ID].map((principal) => {
      const subject = identify(makeCheck({ source: { principal, certificate } }), sidecar, config)
      return subject instanceof Promise ? 'waits' : subject.state
    })
    expect(states).toEqual(['identified', 'refused', 'identified'])
  })

  test('is nobody where no trust domain is configured', () => {
    expect(verdict({ principal: ID }, plain)).toBe('anonymous')
  })

  test('is the same object each time, per tenant', () => {
    const credential = (given: Given) => {
      const subject = subjectOf(given)
      return subject.state === 'identified' ? subject.credential : undefined
    }
    const first = credential({ principal: ID })
    expect(credential({ principal: ID })).toBe(first)
    const other = credential({ principal: ID, entrypoint: { tenant: 'acme' } })
    expect(other?.tenant).toBe('acme')
    expect(other).not.toBe(first)
    expect(
      credential({ principal: 'spiffe://partner.example/a', entrypoint: { tenant: 'acme' } })?.tenant,
    ).toBe('partner')
  })
})

describe('who forwards does not ask', () => {
  test.each<[string, Given, string]>([
    ['an edge before this sidecar', { principal: GATEWAY }, 'anonymous'],
    [
      'a proxy before the gateway',
      { principal: ID, entrypoint: { role: 'edge', trustedProxies: 1 } },
      'anonymous',
    ],
    ['a client of the gateway', { principal: ID, entrypoint: { role: 'edge' } }, `workload ${ID}`],
    ['an edge by XFCC', { ...TRUSTED, headers: xfcc(`URI=${GATEWAY}`) }, 'anonymous'],
    ['an edge that an unverified Envoy tells of', { principal: GATEWAY, caller: 'unverified' }, 'anonymous'],
  ])('%s', (_, given, expected) => {
    const entrypoint = { trustsXfcc: true, ...given.entrypoint }
    expect(
      verdict({
        ...given,
        entrypoint: given.entrypoint?.role === 'edge' ? { ...entrypoint, edges: [] } : entrypoint,
      }),
    ).toBe(expected)
  })
})

describe('XFCC, where the connection names nobody', () => {
  test.each<[string, string | string[], string]>([
    ['its URI', `By=spiffe://mesh.example.com/a;Hash=aa;URI=${ID}`, `workload ${ID}`],
    ['the last element only', [`URI=spiffe://mesh.example.com/first`, `URI=${ID}`], `workload ${ID}`],
    ['an earlier element is no word of this Envoy', `URI=${ID},Hash=aa`, 'anonymous'],
    ['By is the server, not the client', `By=${ID};Hash=aa`, 'anonymous'],
    ['a DNS name is no SPIFFE ID', 'URI=https://orders.shop;DNS=orders', 'anonymous'],
    ['two URIs', `URI=${ID};URI=spiffe://mesh.example.com/b`, 'identity.workload.malformed'],
    ['a SPIFFE ID beside another URI', `URI=https://a;URI=${ID}`, 'identity.workload.malformed'],
    ['a quote that is never closed', `URI="${ID}`, 'identity.workload.malformed'],
    ['a name smuggled in by a quote', `Subject="a";URI=${ID}x",URI=${ID}`, 'identity.workload.malformed'],
    ['empty', '', 'identity.workload.malformed'],
    ['no pairs', 'nonsense', 'identity.workload.malformed'],
    ['more than 64 KiB', `URI=${ID};Subject="${'a'.repeat(70_000)}"`, 'identity.workload.malformed'],
    ['another trust domain', 'URI=spiffe://evil.example/a', 'identity.workload.trust-domain'],
  ])('%s', (_, value, expected) => {
    expect(verdict({ ...TRUSTED, headers: xfcc(value) })).toBe(expected)
  })

  test('is not read where the entrypoint does not believe it, nor beside a principal', () => {
    expect(verdict({ headers: xfcc(`URI=${ID}`) })).toBe('anonymous')
    expect(verdict({ ...TRUSTED, principal: 'CN=proxy', headers: xfcc(`URI=${ID}`) })).toBe('anonymous')
    expect(verdict({ ...TRUSTED, principal: '\ufffd', headers: xfcc(`URI=${ID}`) })).toBe('anonymous')
    const other = 'spiffe://mesh.example.com/other'
    expect(verdict({ ...TRUSTED, principal: other, headers: xfcc(`URI=${ID}`) })).toBe(`workload ${other}`)
    expect(
      verdict({ entrypoint: { trustsXfcc: true, peerVerified: false }, headers: xfcc(`URI=${ID}`) }),
    ).toBe('anonymous')
  })
})

describe('one credential, one subject', () => {
  const token = { authorization: 'Bearer plain' }

  test('a token is the credential, the peer a fact beside it', () => {
    const subject = subjectOf({ principal: ID, headers: token })
    expect(subject).toMatchObject({
      state: 'identified',
      credential: { subject: 'bob', kind: 'user' },
      scheme: 'Bearer',
      workload: { id: ID, trustDomain: 'mesh.example.com' },
      binding: { state: 'absent', methods: [] },
    })
    expect(subject).toHaveProperty('carrier', undefined)
  })

  test('the edge that forwards a token is told as the peer', () => {
    expect(subjectOf({ principal: GATEWAY, headers: token })).toMatchObject({ workload: { id: GATEWAY } })
  })

  test.each([
    'spiffe://evil.example/a',
    'spiffe://mesh.example.com/a?b',
    'CN=orders',
    '',
  ])('a peer that does not hold is no fact, and no fault of the token: %s', (principal) => {
    const subject = subjectOf({ principal, headers: token })
    expect(subject.state).toBe('identified')
    expect(subject).toHaveProperty('workload', undefined)
  })

  test.each([
    ['Bearer bad', 'identity.token.signature'],
    ['Basic eA==', 'identity.credential.unsupported'],
    ['Bearer', 'identity.credential.malformed'],
  ])('a refused token never becomes the workload behind it: %s', (authorization, failure) => {
    expect(verdict({ principal: ID, headers: { authorization } })).toBe(failure)
  })

  test('no hop vouches for a peer: it shows itself to the next Envoy', () => {
    const edge = makeEntrypoint({ peerVerified: true })
    const check = makeCheck({ source: { principal: ID } })
    const subject = identify(check, edge, config)
    if (subject instanceof Promise) throw new Error('waits')
    expect(subject.state).toBe('identified')
    expect(equip(subject, ALLOW, check, edge, config)).toEqual({ subject, entrypoint: edge })
  })
})
