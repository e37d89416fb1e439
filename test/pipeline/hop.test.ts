import { createHash } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import type { Check, Outcome } from '../../src/model.ts'
import { openTestApp, type TestApp } from '../harness/app.ts'
import { athOf, makeSigner, signProof } from '../harness/proofs.ts'
import { makeCheck } from '../harness/requests.ts'
import { AUDIENCE, issuerOf, mintAccessToken, NOW, NOW_MS } from '../harness/tokens.ts'

/** Gateway and sidecars ask the same Vigil: the edge proves, the hop carries, and each thing counts once. */

const EDGE = 'spiffe://mesh/edge'
const CERTIFICATE = Buffer.from('a certificate')
const signer = await makeSigner('ES256')
const DPOP = mintAccessToken({ claims: { cnf: { jkt: signer.jkt }, jti: 'dpop' } })
const PLAIN = mintAccessToken({ claims: { jti: 'plain' } })
const inside = (name: string, port: number, more: object = {}) => ({
  name,
  role: 'inside',
  match: { port },
  ...more,
})
const SETTINGS = {
  identity: { issuers: [issuerOf()] },
  entrypoints: [
    { name: 'gateway', match: { port: 443 }, externalOrigins: [AUDIENCE] },
    inside('orders', 1001, { externalOrigins: [AUDIENCE] }),
    inside('stock', 1002),
    inside('mesh', 1003, { edges: [EDGE], peerVerified: true }),
    inside('loose', 1004, { edges: [EDGE] }),
  ],
  actions: [{ name: 'read', match: { paths: ['/v1/items'] }, sensitivity: 'low' }],
  risk: { limits: [{ name: 'few', per: 'subject', requests: 100 }] },
}

let count = 0
type Parts = Partial<Omit<Check, 'headers'>> & { headers: Record<string, string> }
const ask = (app: TestApp, port: number, parts: Parts): Promise<Outcome> =>
  app.decide(
    makeCheck({
      id: `00000000-0000-4000-8000-${String(++count).padStart(12, '0')}`,
      atMs: NOW_MS + 1000,
      attempt: `attempt ${count}`,
      path: '/v1/items',
      destination: { port, principal: '' },
      ...parts,
    }),
  )

const proved = () => {
  const claims = { jti: `p${++count}`, htm: 'GET', htu: `${AUDIENCE}/v1/items`, iat: NOW, ath: athOf(DPOP) }
  return { authorization: `DPoP ${DPOP}`, dpop: signProof(signer, { claims }) }
}
const hopIn = ({ answer }: Outcome): string =>
  ('setHeaders' in answer && answer.setHeaders.find(([name]) => name === 'x-vigil-hop')?.[1]) || ''

type Carried = Record<string, string> & { 'x-vigil-hop': string }

/** One request through the gateway: what the sidecar behind it gets. */
async function passEdge(app: TestApp, headers: Record<string, string> = proved()): Promise<Carried> {
  const outcome = await ask(app, 443, { headers })
  expect(outcome.decision.effect).toBe('allow')
  return { ...headers, 'x-vigil-hop': hopIn(outcome) }
}

const failureOf = ({ decision }: Outcome) => ('failure' in decision ? decision.failure : decision.effect)

describe('through an edge and inside', () => {
  test('one proof passes both, and rate and learning count it once', async () => {
    const app = await openTestApp(SETTINGS)
    const carried = await passEdge(app)
    const outcome = await ask(app, 1001, { headers: carried })
    expect(outcome.decision.effect).toBe('allow')
    expect(outcome.stages?.subject).toMatchObject({
      binding: { state: 'verified', methods: ['dpop'], isCarried: true },
    })
    expect(outcome.stages?.past).toMatchObject({
      limits: [{ used: 1 }],
      profile: { seen: 1 },
      hop: 'first',
      proof: 'none',
    })
    const next = await ask(app, 443, { headers: proved() })
    expect(next.stages?.past).toMatchObject({ limits: [{ used: 2 }], profile: { seen: 1 } })
  })

  test('the header ends inside: no answer of an inside entrypoint sets it, each removes it', async () => {
    const app = await openTestApp(SETTINGS)
    const { answer } = await ask(app, 1001, { headers: await passEdge(app) })
    expect('setHeaders' in answer && answer.setHeaders.map(([name]) => name)).not.toContain('x-vigil-hop')
    expect('removeHeaders' in answer && answer.removeHeaders).toContain('x-vigil-hop')
  })

  test('an edge neither reads nor passes on what came in', async () => {
    const app = await openTestApp(SETTINGS)
    const { dpop: _proof, ...carried } = await passEdge(app)
    expect(failureOf(await ask(app, 443, { headers: carried }))).toBe('identity.dpop.missing')
    const outcome = await ask(app, 443, { headers: { ...proved(), 'x-vigil-hop': carried['x-vigil-hop'] } })
    expect(hopIn(outcome)).not.toBe(carried['x-vigil-hop'])
  })

  test('a refused request gets no hop', async () => {
    const app = await openTestApp(SETTINGS)
    expect(hopIn(await ask(app, 443, { path: '/other', headers: proved() }))).toBe('')
  })
})

describe('a hop', () => {
  test('is used once in each inside entrypoint', async () => {
    const app = await openTestApp(SETTINGS)
    const headers = await passEdge(app)
    for (const port of [1001, 1002]) {
      expect(failureOf(await ask(app, port, { headers }))).toBe('allow')
      expect(failureOf(await ask(app, port, { headers }))).toBe('identity.hop.repeated')
    }
  })

  test('comes again with Envoy’s own retry of that check', async () => {
    const app = await openTestApp(SETTINGS)
    const parts = { attempt: 'the same', headers: await passEdge(app) }
    for (let i = 0; i < 3; i++) expect(failureOf(await ask(app, 1001, parts))).toBe('allow')
  })

  test.each([
    ['a named edge that was verified', 1003, EDGE, 'allow'],
    ['another principal', 1003, 'spiffe://mesh/other', 'identity.hop.repeated'],
    ['nobody', 1003, '', 'identity.hop.repeated'],
    ['a named edge whose Envoy verifies nobody', 1004, EDGE, 'identity.hop.repeated'],
  ])('comes again as a router retry from %s: %s', async (_who, port, principal, expected) => {
    const app = await openTestApp(SETTINGS)
    const parts = { headers: await passEdge(app), source: { ip: '10.0.0.9', port: 1, principal } }
    expect(failureOf(await ask(app, port, parts))).toBe('allow')
    expect(failureOf(await ask(app, port, parts))).toBe(expected)
  })

  test.each<[string, Partial<Parts>, Record<string, string>]>([
    ['another method', { method: 'POST' }, {}],
    ['another authority', { authority: 'other.example.com' }, {}],
    ['eleven seconds later', { atMs: NOW_MS + 12_000 }, {}],
    ['with a character changed', {}, { 'x-vigil-hop': 'v1.dpop.x.1.A' }],
  ])('is worth nothing for %s', async (_what, parts, change) => {
    const app = await openTestApp(SETTINGS)
    const { dpop: _proof, ...carried } = await passEdge(app)
    const outcome = await ask(app, 1001, { ...parts, headers: { ...carried, ...change } })
    expect(failureOf(outcome)).toBe('identity.dpop.missing')
  })

  test('is worth nothing for another token, nor for the same token as a plain bearer', async () => {
    const app = await openTestApp(SETTINGS)
    const hop = (await passEdge(app))['x-vigil-hop']
    const other = mintAccessToken({ claims: { cnf: { jkt: signer.jkt }, sub: 'bob', jti: 'other' } })
    const stolen = { authorization: `DPoP ${other}`, 'x-vigil-hop': hop }
    expect(failureOf(await ask(app, 1001, { headers: stolen }))).toBe('identity.dpop.missing')
    const plain = { authorization: `Bearer ${DPOP}`, 'x-vigil-hop': hop }
    expect(failureOf(await ask(app, 1001, { headers: plain }))).toBe('identity.dpop.bearer')
  })

  test('of an unbound token proves nothing for a bound one, and is used once as well', async () => {
    const app = await openTestApp(SETTINGS)
    const carried = await passEdge(app, { authorization: `Bearer ${PLAIN}` })
    expect(failureOf(await ask(app, 1001, { headers: { ...carried, authorization: `DPoP ${DPOP}` } }))).toBe(
      'identity.dpop.missing',
    )
    const outcome = await ask(app, 1001, { headers: carried })
    expect(outcome.stages?.subject).toMatchObject({
      binding: { state: 'absent', isCarried: false },
      isCounted: true,
    })
    expect(failureOf(await ask(app, 1001, { headers: carried }))).toBe('identity.hop.repeated')
  })

  test('MTLS-05 of a token with both bindings carries both, or nothing', async () => {
    const app = await openTestApp(SETTINGS)
    const x5t = createHash('sha256').update(CERTIFICATE).digest('base64url')
    const both = mintAccessToken({ claims: { cnf: { jkt: signer.jkt, 'x5t#S256': x5t }, jti: 'both' } })
    const claims = { jti: `p${++count}`, htm: 'GET', htu: `${AUDIENCE}/v1/items`, iat: NOW, ath: athOf(both) }
    const headers = { authorization: `DPoP ${both}`, dpop: signProof(signer, { claims }) }
    const source = { ip: '192.0.2.7', port: 1, principal: '', certificate: CERTIFICATE }
    expect(failureOf(await ask(app, 443, { headers }))).toBe('identity.mtls.missing')
    const hop = hopIn(await ask(app, 443, { headers, source }))
    const carried = { authorization: `DPoP ${both}`, 'x-vigil-hop': hop }
    expect(failureOf(await ask(app, 1001, { headers: carried }))).toBe('allow')
  })
})

test('inside without a hop the proof itself is asked for; the one that the edge took is used up', async () => {
  const app = await openTestApp(SETTINGS)
  const { 'x-vigil-hop': _hop, ...headers } = await passEdge(app)
  expect(failureOf(await ask(app, 1001, { headers }))).toBe('identity.dpop.replayed')
  const direct = await ask(app, 1001, { headers: proved() })
  expect(failureOf(direct)).toBe('allow')
  expect(direct.stages?.past).toMatchObject({ limits: [{ used: 3 }] })
})
