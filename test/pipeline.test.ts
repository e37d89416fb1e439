import { describe, expect, test } from '@jest/globals'
import { createCheckHandler } from '../src/check/handler.ts'
import { decodeResponse } from '../src/check/wire.ts'
import type { Check, Decision } from '../src/model.ts'
import { silentLog, silentMeter, type Tracing } from '../src/ports.ts'
import { type Store, StoreUnavailable } from '../src/store/store.ts'
import { openTestApp, type TestApp } from './harness/app.ts'
import { athOf, makeSigner, type ProofSigner, signProof } from './harness/proofs.ts'
import { makeCheck } from './harness/requests.ts'
import { AUDIENCE, issuerOf, mintAccessToken, NOW, NOW_MS } from './harness/tokens.ts'
import { checkBytes } from './harness/wire.ts'

const signer: ProofSigner = await makeSigner('ES256')

const settings = (extra: Record<string, unknown> = {}) => ({
  identity: { issuers: [issuerOf({ claims: ['accounts'], dpop: { nonce: 'off' } })] },
  entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
  actions: [
    { name: 'read', match: { methods: ['GET'], paths: ['/v1/{rest...}'] }, sensitivity: 'low' },
    {
      name: 'pay',
      match: { methods: ['POST'], paths: ['/v1/payments'] },
      sensitivity: 'high',
      scopes: ['orders.write'],
    },
  ],
  ...extra,
})

let attempts = 0
const checkOf = (headers: Record<string, string>, parts: Partial<Check> = {}): Check => {
  const { headers: _none, ...rest } = parts
  return makeCheck({
    atMs: NOW_MS + 1000,
    attempt: `attempt ${++attempts}`,
    path: '/v1/items',
    headers,
    ...rest,
  })
}

const bearer = (claims: Record<string, unknown> = {}) => ({
  authorization: `Bearer ${mintAccessToken({ claims })}`,
})

function bound(jti: string, claims: Record<string, unknown> = {}): Record<string, string> {
  const token = mintAccessToken({ claims: { cnf: { jkt: signer.jkt } } })
  const proof = { jti, htm: 'GET', htu: `${AUDIENCE}/v1/items`, iat: NOW, ath: athOf(token), ...claims }
  return { authorization: `DPoP ${token}`, dpop: signProof(signer, { claims: proof }) }
}

const decide = async (app: TestApp, check: Check): Promise<Decision> => (await app.decide(check)).decision

const downStore: Store = {
  kind: 'redis',
  read: () => Promise.reject(new StoreUnavailable('timeout')),
  update: () => Promise.reject(new StoreUnavailable('timeout')),
  health: () => Promise.resolve({ isReachable: false, degraded: [] }),
  close: () => Promise.resolve(),
}

describe('the whole way of a check', () => {
  test('a plain read passes with identity headers', async () => {
    const app = await openTestApp(settings())
    const { decision, answer } = await app.decide(checkOf(bearer()))
    expect(decision).toMatchObject({ effect: 'allow', reasons: ['policy.default.low-low'] })
    expect('setHeaders' in answer && answer.setHeaders).toEqual(
      expect.arrayContaining([
        ['x-vigil-subject', 'alice'],
        ['x-vigil-risk', 'low'],
      ]),
    )
  })

  test('DPOP-16: a proof passes once, Envoy’s own retry of that check too, a new stream never', async () => {
    const app = await openTestApp(settings())
    const headers = bound('one')
    const first = checkOf(headers)
    expect(await decide(app, first)).toMatchObject({ effect: 'allow' })
    expect(await decide(app, first)).toMatchObject({ effect: 'allow' })
    expect(await decide(app, checkOf(headers))).toMatchObject({
      effect: 'deny',
      failure: 'identity.dpop.replayed',
    })
    expect(await decide(app, checkOf(bound('two')))).toMatchObject({ effect: 'allow' })
  })

  test('a rule that allows everything cannot pass a replay, an unknown action or a missing scope', async () => {
    const app = await openTestApp(settings({ policy: [{ name: 'all', when: true, effect: 'allow' }] }))
    const headers = bound('again')
    expect(await decide(app, checkOf(headers))).toMatchObject({ effect: 'allow', rule: 'all' })
    expect(await decide(app, checkOf(headers))).toMatchObject({ failure: 'identity.dpop.replayed' })
    expect(await decide(app, checkOf(bearer(), { path: '/other' }))).toMatchObject({
      failure: 'policy.action.unknown',
    })
    const pay = checkOf(bearer({ scope: 'orders.read' }), { method: 'POST', path: '/v1/payments' })
    expect(await decide(app, pay)).toMatchObject({
      failure: 'policy.scope.insufficient',
      scopes: ['orders.write'],
    })
  })

  test('step-up: asked once, and a login after the question satisfies it', async () => {
    const rule = { name: 'fresh', when: 'action.name == "pay"', effect: 'step-up' }
    const app = await openTestApp(settings({ policy: [rule] }))
    const pay = (authTime: number, laterMs: number, sid = 'session-1') =>
      checkOf(bearer({ auth_time: authTime, sid, jti: `${authTime}${sid}` }), {
        method: 'POST',
        path: '/v1/payments',
        atMs: NOW_MS + laterMs,
      })
    expect(await decide(app, pay(NOW - 10, 1000))).toMatchObject({
      effect: 'step-up',
      unmet: { maxAgeSeconds: 0 },
      marksChallenge: true,
    })
    expect(await decide(app, pay(NOW - 10, 2000))).toMatchObject({ effect: 'step-up', marksChallenge: false })
    const met = { effect: 'monitor', reasons: expect.arrayContaining(['policy.step-up.satisfied']) }
    expect(await decide(app, pay(NOW + 3, 5000, 'session-2'))).toMatchObject(met)
  })

  test('a hard limit counts every request of the subject, and tells when to come back', async () => {
    const limits = [{ name: 'few', per: 'subject', requests: 3, windowSeconds: 60 }]
    const app = await openTestApp(settings({ risk: { limits } }))
    for (let i = 0; i < 3; i++)
      expect(await decide(app, checkOf(bearer()))).toMatchObject({ effect: 'allow' })
    const fourth = await decide(app, checkOf(bearer()))
    expect(fourth).toMatchObject({ effect: 'throttle', reasons: ['policy.limit.few'] })
    expect(fourth.effect === 'throttle' && fourth.retryAfterSeconds).toBeGreaterThan(0)
    expect(await decide(app, checkOf(bearer({ sub: 'bob', jti: 'b' })))).toMatchObject({ effect: 'allow' })
  })

  test('the store is waited for once', async () => {
    let reads = 0
    const app = await openTestApp(settings(), {
      store: {
        ...downStore,
        read: (commands) => {
          reads++
          return Promise.resolve(commands.map(() => null))
        },
        update: () => Promise.resolve(),
      },
    })
    await app.decide(checkOf(bound('once')))
    expect(reads).toBe(1)
  })
})

describe('bytes in, bytes out', () => {
  test('a forged identity header is removed, and status is 0 only for what passed', async () => {
    const app = await openTestApp(settings())
    app.clock.set(NOW_MS + 1000)
    const handler = createCheckHandler(app.app.decider, {
      deadlineMs: 1000,
      maxInFlight: 10,
      clock: app.clock,
      newId: app.newId,
      defer: (run) => run(),
      meter: silentMeter,
      log: silentLog,
    })
    const caller = { state: 'unverified', sans: [] } as const
    const good = checkBytes({ headers: { ...bearer(), 'x-vigil-subject': 'root' } })
    const passed = decodeResponse(await handler.handle(good, caller))
    expect(passed.status.code ?? 0).toBe(0)
    expect(passed.ok_response?.headers_to_remove).toContain('x_vigil_subject')
    const refused = decodeResponse(await handler.handle(Buffer.from('random bytes'), caller))
    expect([7, 16]).toContain(refused.status.code)
    expect(refused.denied_response?.status.code).toBe(403)
  })
})

describe('a traced check', () => {
  const stages: string[] = []
  const traced: Check[] = []
  const ended: string[] = []
  const tracing: Tracing = {
    begin: (check) => {
      traced.push(check)
      return { mark: (stage) => void stages.push(stage) }
    },
    end: (outcome) => void ended.push(outcome.check.id),
  }

  test('notes the end of every stage in its order, and is told after the answer', async () => {
    const app = await openTestApp(settings(), { tracing })
    const check = checkOf({ authorization: `Bearer ${mintAccessToken()}` })
    const { decision } = await app.decide(check)
    expect(decision.effect).toBe('allow')
    expect(traced).toEqual([check])
    expect(stages).toEqual(['identity', 'context', 'history', 'risk', 'policy', 'enforcement'])
    expect(ended).toEqual([check.id])
  })
})
