import { describe, expect, test } from '@jest/globals'
import { toRecord } from '../../src/audit/record.ts'
import type { Check, Outcome } from '../../src/model.ts'
import { openTestApp, type TestApp } from '../harness/app.ts'
import { makeCheck } from '../harness/requests.ts'
import { AUDIENCE, issuerOf, mintAccessToken, NOW_MS } from '../harness/tokens.ts'

/** Who is calling, through the whole pipeline: the sentences of the contract on credentials, identities and tenants. */

const ACTIONS = [{ name: 'read', match: { methods: ['GET'] }, sensitivity: 'low' }]
const ENTRYPOINTS = [
  { name: 'blue', match: { port: 8001 }, externalOrigins: [AUDIENCE], tenant: 'blue' },
  { name: 'green', match: { port: 8002 }, externalOrigins: [AUDIENCE], tenant: 'green' },
  { name: 'plain', match: { port: 8003 }, externalOrigins: [AUDIENCE] },
]
const settings = (limits: readonly object[] = [], issuer: Record<string, unknown> = {}) => ({
  identity: { issuers: [issuerOf(issuer)] },
  entrypoints: ENTRYPOINTS,
  actions: ACTIONS,
  risk: { limits: limits.map((limit) => ({ name: 'limit', requests: 2, windowSeconds: 60, ...limit })) },
})

let attempts = 0
type Parts = Partial<Omit<Check, 'headers'>> & { headers?: Record<string, string> }
const ask = (app: TestApp, parts: Parts): Promise<Outcome> =>
  app.decide(
    makeCheck({
      atMs: NOW_MS + 1000,
      attempt: `attempt ${++attempts}`,
      destination: { port: 8003, principal: '' },
      ...parts,
    }),
  )
const bearer = (claims: Record<string, unknown> = {}) => ({
  authorization: `Bearer ${mintAccessToken({ claims })}`,
})
const through = (port: number): Parts => ({ destination: { port, principal: '' } })
const credentialOf = ({ stages }: Outcome) =>
  stages?.subject.state === 'identified' ? stages.subject.credential : undefined

describe('a refused credential', () => {
  const EXPIRED = bearer({ exp: NOW_MS / 1000 - 60 })

  test('never becomes anonymous, and still passes context, rate, gate and audit', async () => {
    const app = await openTestApp(settings([{ per: 'address' }]))
    const outcome = await ask(app, { headers: { ...EXPIRED, 'x-device-id': 'd1' } })
    expect(outcome.stages?.subject).toMatchObject({ state: 'refused', failure: 'identity.token.expired' })
    expect(outcome.stages?.facts).toMatchObject({ device: { id: 'd1' }, address: { ip: '192.0.2.7' } })
    expect(outcome.stages?.past.limits).toMatchObject([{ limit: 'limit', used: 1 }])
    expect(outcome.decision).toMatchObject({ effect: 'deny', failure: 'identity.token.expired' })
    const record = toRecord(outcome, { durationUs: 1, config: 'c', headers: [] })
    expect(record).toMatchObject({ status: 401, entrypoint: 'plain', subject: { state: 'refused' } })
  })

  test('uses up its address: guessing tokens leaves no room for a good one', async () => {
    const app = await openTestApp(settings([{ per: 'address' }]))
    for (let i = 0; i < 2; i++) await ask(app, { headers: EXPIRED })
    expect((await ask(app, { headers: bearer() })).decision).toMatchObject({ effect: 'throttle' })
    const elsewhere = { source: { ip: '192.0.2.8', port: 1, principal: '' } }
    expect((await ask(app, { ...elsewhere, headers: bearer() })).decision).toMatchObject({ effect: 'allow' })
  })

  test('uses up nothing of the subject it names, and teaches nothing', async () => {
    const app = await openTestApp(settings([{ per: 'subject' }]))
    for (let i = 0; i < 5; i++) await ask(app, { headers: EXPIRED })
    const outcome = await ask(app, { headers: bearer() })
    expect(outcome.stages?.past).toMatchObject({ limits: [{ used: 1 }], requestsPerMinute: 1 })
    expect(outcome.stages?.past.profile).toBeUndefined()
  })
})

describe('the tenant', () => {
  test('comes from the entrypoint, and separates what is known of two tenants', async () => {
    const app = await openTestApp(settings([{ per: 'subject' }]))
    const headers = bearer()
    const tenants: (string | undefined)[] = []
    for (const port of [8001, 8002, 8003, 8001]) {
      const outcome = await ask(app, { ...through(port), headers })
      tenants.push(credentialOf(outcome)?.tenant)
      expect(outcome.decision.effect).toBe('allow')
    }
    expect(tenants).toEqual(['blue', 'green', '', 'blue'])
    // Two of blue, one of each other.
    expect((await ask(app, { ...through(8001), headers })).decision.effect).toBe('throttle')
    expect((await ask(app, { ...through(8002), headers })).decision.effect).toBe('allow')
  })

  test('of a verified claim goes before the entrypoint’s; of a header it is never read', async () => {
    const app = await openTestApp(settings([], { tenantClaim: 'org' }))
    const headers = { 'x-tenant': 'forged', 'x-vigil-tenant': 'forged' }
    const claimed = await ask(app, { ...through(8001), headers: { ...bearer({ org: 'acme' }), ...headers } })
    expect(credentialOf(claimed)?.tenant).toBe('acme')
    const bare = await ask(app, { ...through(8001), headers: { ...bearer(), ...headers } })
    expect(credentialOf(bare)?.tenant).toBe('blue')
    const answer = bare.answer
    expect('setHeaders' in answer && answer.setHeaders).toContainEqual(['x-vigil-tenant', 'blue'])
  })
})

describe('identities are apart', () => {
  test.each<[string, Record<string, unknown>]>([
    ['a user and the machine of the same name', { sub: 'web-app' }],
    ['a user and the agent that acts for them', { act: { sub: 'agent-7' } }],
  ])('%s', async (_what, claims) => {
    const app = await openTestApp(settings([{ per: 'subject' }]))
    const user = bearer({ sub: claims['sub'] ?? 'alice', client_id: 'other' })
    for (let i = 0; i < 2; i++) await ask(app, { headers: user })
    expect((await ask(app, { headers: user })).decision.effect).toBe('throttle')
    const other = await ask(app, { headers: bearer(claims) })
    expect(other.decision.effect).toBe('allow')
    expect(other.stages?.past.profile).toBeUndefined()
  })

  test('an agent trains no profile but its own, a client neither', async () => {
    const app = await openTestApp(settings())
    const seen = async (claims: Record<string, unknown>) =>
      (await ask(app, { headers: bearer(claims) })).stages?.past.profile?.seen
    expect(await seen({})).toBeUndefined()
    expect(await seen({})).toBe(1)
    expect(await seen({ client_id: 'another' })).toBeUndefined()
    expect(await seen({ act: { sub: 'agent-7' } })).toBeUndefined()
    expect(await seen({ act: { sub: 'agent-8' } })).toBeUndefined()
    expect(await seen({ act: { sub: 'agent-7' } })).toBe(1)
    expect(await seen({})).toBe(2)
  })
})

describe('the session', () => {
  test('without a claim is derived, marked so, and the same for every token of one login', async () => {
    const app = await openTestApp(settings())
    const sessionOf = async (claims: Record<string, unknown>) => {
      const outcome = await ask(app, { headers: bearer({ sid: undefined, ...claims }) })
      return credentialOf(outcome)?.session
    }
    const first = await sessionOf({ jti: 'a' })
    expect(first?.isDerived).toBe(true)
    expect(await sessionOf({ jti: 'b' })).toEqual(first)
    expect(await sessionOf({ client_id: 'other' })).not.toEqual(first)
    expect(await sessionOf({ sub: 'bob' })).not.toEqual(first)
  })

  test('belongs to its identity: the same id of two people is two sessions', async () => {
    const app = await openTestApp(settings([{ per: 'session' }]))
    for (let i = 0; i < 2; i++) await ask(app, { headers: bearer() })
    expect((await ask(app, { headers: bearer() })).decision.effect).toBe('throttle')
    expect((await ask(app, { headers: bearer({ sub: 'bob' }) })).decision.effect).toBe('allow')
  })
})

test('a check through no entrypoint is trusted with nothing, and named so', async () => {
  const app = await openTestApp(settings())
  const headers = { ...bearer(), 'x-forwarded-for': '203.0.113.1' }
  const outcome = await ask(app, { ...through(9999), headers })
  expect(outcome.stages?.entrypoint).toMatchObject({
    name: 'unmatched',
    externalOrigins: [],
    peerVerified: false,
  })
  expect(outcome.stages?.facts.address).toEqual({ ip: '192.0.2.7', isUntrusted: false })
})
