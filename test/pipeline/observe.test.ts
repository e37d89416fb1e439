import { describe, expect, jest, test } from '@jest/globals'
import { createCheckHandler, type HandlerOptions } from '../../src/check/handler.ts'
import { decodeResponse } from '../../src/check/wire.ts'
import type { Caller, Check, Outcome } from '../../src/model.ts'
import { silentLog } from '../../src/ports.ts'
import { openTestApp, type TestApp } from '../harness/app.ts'
import { athOf, makeSigner, signProof } from '../harness/proofs.ts'
import { makeCheck } from '../harness/requests.ts'
import { AUDIENCE, issuerOf, mintAccessToken, NOW, NOW_MS } from '../harness/tokens.ts'
import { checkBytes } from '../harness/wire.ts'
import { fakeMeter } from '../store/fakes.ts'

/** Observe mode through the whole pipeline: everything passes, nothing is taught that enforce mode would not teach. */

const SETTINGS = {
  identity: { issuers: [issuerOf()] },
  entrypoints: [
    { name: 'inside', match: { port: 1001 }, role: 'inside', externalOrigins: [AUDIENCE] },
    { name: 'gateway', externalOrigins: [AUDIENCE] },
  ],
  actions: [
    { name: 'read', match: { methods: ['GET'] }, sensitivity: 'low' },
    { name: 'pay', match: { methods: ['POST'] }, sensitivity: 'high' },
    { name: 'close', match: { methods: ['DELETE'] }, sensitivity: 'low' },
  ],
  policy: [{ name: 'nobody-closes', when: 'action.name == "close"', effect: 'deny' }],
}
const OBSERVE = { ...SETTINGS, enforcement: { mode: 'observe' } }

let attempts = 0
type Parts = Partial<Omit<Check, 'headers'>>

function ask(app: TestApp, headers: Record<string, string>, parts: Parts = {}): Promise<Outcome> {
  const attempt = `a${++attempts}`
  const id = `00000000-0000-4000-8000-${String(attempts).padStart(12, '0')}`
  return app.decide(makeCheck({ id, atMs: NOW_MS + 1000, path: '/v1/items', attempt, headers, ...parts }))
}

const bearer = (claims: Record<string, unknown> = {}) => ({
  authorization: `Bearer ${mintAccessToken({ claims })}`,
})
const headersIn = ({ answer }: Outcome) => ('setHeaders' in answer ? answer.setHeaders : [])
const subjectIn = (outcome: Outcome) => headersIn(outcome).find(([name]) => name === 'x-vigil-subject')?.[1]

describe('a refusal passes', () => {
  test.each<[string, Record<string, string>, Parts, string, string | undefined]>([
    ['an expired token', bearer({ exp: NOW - 60 }), {}, 'identity.token.expired', undefined],
    ['no token', {}, {}, 'identity.credential.missing', undefined],
    ['a hostile path', bearer(), { malformed: 'check.request.path' }, 'check.request.path', undefined],
    ['a rule', bearer(), { method: 'DELETE' }, 'policy.rule.denied', 'alice'],
  ])('%s', async (_what, headers, parts, failure, subject) => {
    const outcome = await ask(await openTestApp(OBSERVE), headers, parts)
    expect(outcome).toMatchObject({ mode: 'observe', decision: { failure }, answer: { effect: 'observe' } })
    expect(subjectIn(outcome)).toBe(subject)
    const enforced = await ask(await openTestApp(SETTINGS), headers, parts)
    expect(enforced).toMatchObject({ mode: undefined, decision: { failure } })
    expect('status' in enforced.answer).toBe(true)
  })

  test('what is allowed is allowed, and says that it was observed', async () => {
    const outcome = await ask(await openTestApp(OBSERVE), bearer())
    expect(outcome).toMatchObject({
      mode: 'observe',
      answer: { effect: 'allow', metadata: { mode: 'observe' } },
    })
  })
})

const signer = await makeSigner('ES256')
const BOUND = mintAccessToken({ claims: { cnf: { jkt: signer.jkt }, jti: 'bound' } })
function proofFor(method: string) {
  const claims = {
    jti: `p${++attempts}`,
    htm: method,
    htu: `${AUDIENCE}/v1/items`,
    iat: NOW,
    ath: athOf(BOUND),
  }
  return { authorization: `DPoP ${BOUND}`, dpop: signProof(signer, { claims }) }
}

describe('what a stolen proof, or one gateway, leaves to the next', () => {
  test('a replayed proof passes without a name', async () => {
    const app = await openTestApp(OBSERVE)
    const stolen = proofFor('GET')
    expect(subjectIn(await ask(app, stolen))).toBe('alice')
    const replayed = await ask(app, stolen)
    expect(replayed).toMatchObject({
      decision: { failure: 'identity.dpop.replayed' },
      answer: { effect: 'observe' },
    })
    expect(headersIn(replayed).map(([name]) => name)).toEqual(['x-vigil-risk', 'x-vigil-decision'])
  })

  test('an edge that observes carries the proof of a refusal of rights inside, which then need not refuse it again', async () => {
    const app = await openTestApp(OBSERVE)
    const headers = proofFor('DELETE')
    const edge = await ask(app, headers, { method: 'DELETE' })
    expect(edge.answer.effect).toBe('observe')
    const hop = headersIn(edge).find(([name]) => name === 'x-vigil-hop')?.[1] ?? ''
    const destination = { port: 1001, principal: '' }
    const inner = await ask(app, { ...headers, 'x-vigil-hop': hop }, { method: 'DELETE', destination })
    expect(inner.stages?.subject).toMatchObject({ state: 'identified', binding: { isCarried: true } })
    expect(inner.decision.reasons).toEqual(['policy.rule.nobody-closes'])
  })

  test('no hop goes with what was not proved', async () => {
    const app = await openTestApp(OBSERVE)
    const stolen = proofFor('GET')
    const names = [await ask(app, stolen), await ask(app, stolen)].map((outcome) =>
      headersIn(outcome).some(([name]) => name === 'x-vigil-hop'),
    )
    expect(names).toEqual([true, false])
  })
})

describe('learning: observing teaches nothing that enforcing would not', () => {
  const device = (name: string, second: number, authTime?: number) => {
    const claims = authTime === undefined ? {} : { auth_time: authTime, jti: `login ${authTime}` }
    return { ...bearer(claims), 'x-device-id': name, second }
  }
  const at = (app: TestApp, method: string, { second, ...headers }: ReturnType<typeof device>) =>
    ask(app, headers, { method, atMs: NOW_MS + second * 1000 })
  const settle = async (app: TestApp) => {
    for (let second = 0; second < 40; second++) await at(app, 'GET', device('own', second))
  }

  test('a would-be denial leaves no trace in the profile', async () => {
    const app = await openTestApp(OBSERVE)
    await settle(app)
    const seen = (outcome: Outcome) => outcome.stages?.past.profile?.seen
    const before = seen(await at(app, 'GET', device('own', 50)))
    for (let second = 51; second < 60; second++) await at(app, 'DELETE', device('own', second))
    expect(seen(await at(app, 'GET', device('own', 61)))).toBe((before ?? 0) + 1)
  })

  test('a would-be challenge marks nobody: a login that nobody asked for is no answer, neither now nor once enforced', async () => {
    const app = await openTestApp(OBSERVE)
    await settle(app)
    const challenged = await at(app, 'POST', device('thief', 60))
    expect(challenged).toMatchObject({ decision: { effect: 'step-up' }, answer: { effect: 'observe' } })
    const later = await at(app, 'POST', device('thief', 70, NOW + 65))
    expect(later.stages?.past).toMatchObject({ session: { seen: expect.any(Number) } })
    expect(later.stages?.past.session).not.toHaveProperty('challengedAtMs')
    expect(later.stages?.past.session).not.toHaveProperty('challenges')
    expect(later.stages?.past.profile).not.toHaveProperty('challengedAtMs')
    // Enforced, the same login would have answered the challenge.
    expect(later.decision.effect).toBe('step-up')
  })

  test('the thief’s device does not become a known one, however often it passes', async () => {
    const app = await openTestApp(OBSERVE)
    await settle(app)
    for (let second = 60; second < 90; second += 2) {
      await at(app, 'POST', device('thief', second))
      await at(app, 'GET', device('thief', second + 1))
    }
    expect((await at(app, 'POST', device('thief', 90))).decision.effect).toBe('step-up')
  })
})

describe('own faults, and what could not be read', () => {
  const UNVERIFIED: Caller = { state: 'unverified', sans: [] }

  async function setUp(
    enforcement: object,
    over: Partial<HandlerOptions> = {},
    decide?: () => Promise<Outcome>,
  ) {
    const meter = fakeMeter()
    const app = await openTestApp({ ...SETTINGS, enforcement }, { meter })
    const decider = app.app.decider()
    const finished: Outcome[] = []
    const finish = (outcome: Outcome, ms: number) => {
      finished.push(outcome)
      decider.finish(outcome, ms)
    }
    const handler = createCheckHandler(() => ({ ...decider, finish, ...(decide && { decide }) }), {
      deadlineMs: 150,
      maxInFlight: 10,
      maxMessageBytes: 4096,
      clock: app.clock,
      newId: app.newId,
      defer: (run) => run(),
      meter,
      log: silentLog,
      ...over,
    })
    const told = async (bytes: Buffer, caller = UNVERIFIED) =>
      decodeResponse(await handler.handle(bytes, caller))
    return { told, meter, finished }
  }
  const passes = async (answered: Promise<ReturnType<typeof decodeResponse>>) => {
    const response = await answered
    expect((response.ok_response?.headers ?? []).map(({ header }) => header?.key)).not.toContain(
      'x-vigil-subject',
    )
    return (response.status.code ?? 0) === 0 && response.ok_response !== undefined
  }

  const PLAIN = checkBytes({ headers: bearer(), host: 'api.example.com' })
  const ADMIN = checkBytes({ headers: bearer(), host: 'admin.example.com' })
  const JUNK = Buffer.from('0aff', 'hex')
  const HUGE = checkBytes({ headers: { cookie: 'x'.repeat(5000) } })
  const fault = () => Promise.reject(new Error('a bug'))
  const partly = { mode: 'observe', hosts: { 'admin.example.com': 'enforce' } }

  test.each([
    ['a fault', PLAIN, {}, fault],
    ['no capacity', PLAIN, { maxInFlight: 0 }, undefined],
    ['a caller that is not listed', PLAIN, { callers: ['spiffe://mesh/other'] }, undefined],
    ['bytes that are no check', JUNK, {}, undefined],
    ['a check that is too large', HUGE, {}, undefined],
  ] as const)('%s passes where everything is observed', async (_what, bytes, over, decide) => {
    const { told, finished, meter } = await setUp({ mode: 'observe' }, over, decide)
    expect(await passes(told(bytes))).toBe(true)
    expect(finished).toMatchObject([{ mode: 'observe', answer: { effect: 'observe' } }])
    expect(Object.keys(meter.counts).filter((name) => name.startsWith('vigil_checks_refused_total'))).toEqual(
      [],
    )
    const enforced = await setUp({}, over, decide)
    expect(await passes(enforced.told(bytes))).toBe(false)
  })

  test.each([
    ['a fault', {}, fault],
    ['no capacity', { maxInFlight: 0 }, undefined],
    ['a caller that is not listed', { callers: ['spiffe://mesh/other'] }, undefined],
  ] as const)('%s refuses the canary all the same: no probe may take it for an application', async (_what, over, decide) => {
    const { told } = await setUp({ mode: 'observe' }, over, decide)
    expect(await passes(told(checkBytes({ headers: bearer(), path: '/v1/.well-known/vigil-canary' })))).toBe(
      false,
    )
  })

  test('a deadline passes, too', async () => {
    jest.useFakeTimers()
    const never = () => new Promise<never>(() => undefined)
    let elapsedMs = 0
    const clock = { nowMs: () => NOW_MS, monotonicMs: () => elapsedMs }
    const { told } = await setUp({ mode: 'observe' }, { clock }, never)
    const answered = passes(told(PLAIN))
    elapsedMs = 150
    await jest.advanceTimersByTimeAsync(150)
    jest.useRealTimers()
    expect(await answered).toBe(true)
  })

  test('where a part is enforced, its faults are refusals, and so is what could not be read', async () => {
    const broken = await setUp(partly, {}, fault)
    expect(await passes(broken.told(PLAIN))).toBe(true)
    expect(await passes(broken.told(ADMIN))).toBe(false)
    const { told } = await setUp(partly)
    for (const bytes of [JUNK, HUGE, Buffer.alloc(0)]) expect(await passes(told(bytes))).toBe(false)
  })

  test('during a rollout by sessions a fault refuses no more addresses than the share that is enforced', async () => {
    const { told } = await setUp({ mode: 'observe', percentage: 90 }, {}, fault)
    let refused = 0
    for (let i = 0; i < 250; i++) {
      const xff = `198.51.100.${i}`
      const bytes = checkBytes({ headers: { ...bearer(), 'x-forwarded-for': xff } })
      if (!(await passes(told(bytes)))) refused++
    }
    expect(refused).toBeGreaterThan(10)
    expect(refused).toBeLessThan(45)
  })
})
