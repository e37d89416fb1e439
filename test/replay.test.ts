import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { Check, Decision, Outcome, Posture } from '../src/model.ts'
import type { Entry, Input } from '../src/policy/variable.ts'
import { VARIABLES } from '../src/policy/variables.ts'
import { asRecorded, decideAgain, UNRECORDED, viewsOf } from '../src/replay.ts'
import type { Snapshot } from '../src/snapshot.ts'
import { openTestApp } from './harness/app.ts'
import { makeCheck } from './harness/requests.ts'
import { AUDIENCE, issuerOf, mintAccessToken, NOW, NOW_MS } from './harness/tokens.ts'
import * as policy from './policy/fixtures.ts'
import { sampleOutcome } from './support/edge-samples.ts'
import { recordOf as readBack } from './support/records.ts'

const HEADERS = ['x-region', 'x-request-id', 'origin']

const recordOf = (outcome: Outcome, headers = HEADERS) => readBack(outcome, headers)

const settings = (requestHeaders = HEADERS) => ({
  identity: { issuers: [issuerOf({ claims: ['accounts'] })] },
  context: { requestHeaders },
  entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
  actions: [
    { name: 'read', match: { methods: ['GET'], paths: ['/v1/{rest...}'] }, sensitivity: 'low' },
    { name: 'pay', match: { methods: ['POST'], paths: ['/v1/pay'] }, sensitivity: 'high', scopes: ['pay'] },
  ],
  policy: [
    { name: 'far', when: 'request.headers["x-region"] == "far"', effect: 'deny', whenUnknown: 'skip' },
  ],
})

const app = await openTestApp(settings())
/** Configuration names only what its rule reads. */
const sparing = await openTestApp(settings(['x-region']))

const snapshot = (of = app): Snapshot => {
  const current = of.app.current()
  if (current === undefined) throw new Error('no snapshot')
  return current
}

type Parts = Parameters<typeof makeCheck>[0]
const AT_MS = NOW_MS + 1000
const checkOf = ({ headers = {}, ...rest }: NonNullable<Parts> = {}): Check =>
  makeCheck({
    atMs: AT_MS,
    path: '/v1/items',
    headers: { authorization: `Bearer ${mintAccessToken()}`, ...headers },
    ...rest,
  })

async function bothOf(check: Check, of = app) {
  const outcome = await of.decide(check)
  const { requestHeaders } = snapshot(of).settings.context
  return { outcome, again: decideAgain(recordOf(outcome, requestHeaders), snapshot(of)) }
}

test('a record that a sink altered is not decided again: its conditions would read what never was', async () => {
  const record = recordOf(await app.decide(checkOf()))
  for (const altered of [{ pseudonyms: ['subject'] }, { addresses: 'prefix' }] as const)
    expect(() => decideAgain({ ...record, ...altered }, snapshot())).toThrow(
      /^The sink altered this record \(.*\)\. It cannot be decided again\.$/,
    )
})

describe('the decision and the answer come out the same', () => {
  test.each<[string, Parts]>([
    ['a read', {}],
    ['a rule over a header', { headers: { 'x-region': 'far' } }],
    ['a header that is sent twice', { headers: { 'x-region': ['fa', 'r'] } }],
    ['a missing scope', { method: 'POST', path: '/v1/pay' }],
    ['no action', { path: '/elsewhere' }],
    ['a malformed request', { malformed: 'check.request.connect' }],
    ['a path that is refused', { path: '/v1/a;b' }],
    ['a refused credential', { headers: { authorization: 'Bearer a.b.c' } }],
    ['a browser', { headers: { authorization: [], origin: 'https://app.example.com' } }],
    ['a gRPC-Web caller', { headers: { 'content-type': 'application/grpc-web-text' }, path: '/elsewhere' }],
    [
      'a Connect caller',
      {
        headers: { 'connect-protocol-version': '1', 'content-type': 'application/proto' },
        path: '/elsewhere',
      },
    ],
    ['a gRPC caller', { isGrpc: true, method: 'POST', path: '/v1/pay' }],
    ['a time between two seconds', { atMs: AT_MS + 125 }],
    ['a request id', { headers: { 'x-request-id': 'r-1' }, path: '/elsewhere' }],
    ['the longest request id', { headers: { 'x-request-id': 'r'.repeat(128) }, path: '/elsewhere' }],
    ['a longer request id', { headers: { 'x-request-id': 'r'.repeat(129) }, path: '/elsewhere' }],
    ['two request ids', { headers: { 'x-request-id': ['r-1', 'r-2,r-3'] }, path: '/elsewhere' }],
    ['an empty request id', { headers: { 'x-request-id': ['', 'r-2'] }, path: '/elsewhere' }],
    ['an unprintable request id', { headers: { 'x-request-id': 'r 1\u2026' }, path: '/elsewhere' }],
  ])('%s', async (_what, parts) => {
    for (const each of [app, sparing]) {
      const { outcome, again } = await bothOf(checkOf(parts), each)
      expect(again).toEqual({ decision: outcome.decision, answer: asRecorded(outcome.answer) })
    }
  })

  test('whatever stands in headers and claims', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom('__proto__', '\ud800', '-0'),
    )
    const claims = fc.dictionary(text, fc.jsonValue(), { maxKeys: 3 })
    const busy = await openTestApp(settings())
    await fc.assert(
      fc.asyncProperty(
        fc.array(text, { minLength: 1, maxLength: 3 }),
        fc.array(text, { maxLength: 2 }),
        claims,
        async (ids, origins, accounts) => {
          const authorization = `Bearer ${mintAccessToken({ claims: { accounts, jti: JSON.stringify(ids) } })}`
          const headers = { authorization, 'x-request-id': ids, 'x-region': ids, origin: origins }
          const { outcome, again } = await bothOf(checkOf({ headers }), busy)
          expect(again).toEqual({ decision: outcome.decision, answer: asRecorded(outcome.answer) })
        },
      ),
      { numRuns: 200 },
    )
  }, 60_000)

  test.each([
    'check.caller.refused',
    'check.capacity.exceeded',
    'check.deadline.exceeded',
  ] as const)('refused before the stages: %s', (failure) => {
    const outcome = app.app.decider().refuse(checkOf({ headers: { origin: 'https://a' } }), failure)
    const again = decideAgain(recordOf(outcome), snapshot())
    expect(again).toEqual({ decision: outcome.decision, answer: outcome.answer })
    expect('status' in again.answer && again.answer.status).toBeGreaterThanOrEqual(403)
  })
})

describe('observe mode', () => {
  const observing = (enforcement: object) => openTestApp({ ...settings(), enforcement })

  test.each<[string, object]>([
    ['everything', { mode: 'observe' }],
    ['a share of the sessions', { mode: 'observe', percentage: 50 }],
    ['a host', { hosts: { 'api.example.com': 'observe' } }],
  ])('%s: the same answer, and the same refusal inside', async (_what, enforcement) => {
    const each = await observing(enforcement)
    const effects = new Set<string>()
    for (let i = 0; i < 12; i++) {
      const authorization = `Bearer ${mintAccessToken({ claims: { sid: `s${i}`, jti: `t${i}` } })}`
      const check = checkOf({ method: 'POST', path: '/v1/pay', headers: { authorization } })
      const { outcome, again } = await bothOf(check, each)
      expect(again).toEqual({ decision: outcome.decision, answer: asRecorded(outcome.answer) })
      effects.add(outcome.answer.effect)
    }
    expect([...effects].sort()).toEqual('percentage' in enforcement ? ['deny', 'observe'] : ['observe'])
  })

  test('refused before the stages: as its record tells, but never under a configuration that observes nothing', async () => {
    const each = await observing({ mode: 'observe' })
    const outcome = each.app.decider().refuse(checkOf(), 'check.deadline.exceeded')
    expect(outcome).toMatchObject({ mode: 'observe', answer: { effect: 'observe' } })
    const record = recordOf(outcome)
    expect(record).toMatchObject({ mode: 'observe', status: 200, wouldStatus: 503 })
    const again = decideAgain(record, snapshot(each))
    expect(again).toEqual({ decision: outcome.decision, answer: outcome.answer })
    expect(decideAgain(record, snapshot()).answer).toMatchObject({ effect: 'unavailable', status: 503 })
    const { mode: _mode, ...enforced } = record
    expect(decideAgain(enforced, snapshot(each)).answer).toMatchObject({ status: 503 })
  })
})

test('a record without stages that tells of a pass does not pass', async () => {
  const record = recordOf(await app.decide(checkOf()))
  const { entrypoint: _e, subject: _s, facts: _f, past: _p, assessment: _a, ...rest } = record
  expect(rest.decision.effect).toBe('allow')
  expect(decideAgain(rest, snapshot())).toMatchObject({
    decision: { effect: 'unavailable', failure: 'check.fault.unexpected' },
    answer: { status: 503 },
  })
})

test('with another configuration it is what that one would have made of it', async () => {
  const strict = await openTestApp({
    ...settings(),
    policy: [{ name: 'closed', when: true, effect: 'deny' }],
  })
  const other = strict.app.current()
  const record = recordOf(await app.decide(checkOf()))
  expect(record.decision.effect).toBe('allow')
  expect(other && decideAgain(record, other).decision).toMatchObject({ effect: 'deny', rule: 'closed' })
})

describe('what no record holds', () => {
  test('nonce and hop of an answer are masked, nothing else is', () => {
    const headers = [
      ['dpop-nonce', 'n'],
      ['retry-after', '1'],
    ] as const
    const refused = { effect: 'deny', status: 401, headers, body: 'b', metadata: {} } as const
    expect(asRecorded(refused)).toEqual({
      ...refused,
      headers: [['dpop-nonce', UNRECORDED], headers[1]],
    })
    const passed = {
      effect: 'allow',
      setHeaders: [['x-vigil-hop', 'h']],
      removeHeaders: ['x-vigil-tenant'],
      responseHeaders: headers,
      metadata: {},
    } as const
    expect(asRecorded(passed)).toEqual({
      ...passed,
      setHeaders: [['x-vigil-hop', UNRECORDED]],
      responseHeaders: [['dpop-nonce', UNRECORDED], headers[1]],
    })
  })

  test('of the address of a login the query to come back to is left out, and only that', () => {
    const headers = (location: string) => [['location', location]] as const
    const to = (query: string) =>
      headers(`/login?to=https%3A%2F%2Fapi.example.com%2Fa%253Fb${query}&max_age=0`)
    const sent = { effect: 'step-up', status: 302, body: '', metadata: {} } as const
    expect(asRecorded({ ...sent, headers: to('%3Fcode%3DSECRET%26x') })).toEqual({ ...sent, headers: to('') })
    expect(asRecorded({ ...sent, headers: to('') })).toEqual({ ...sent, headers: to('') })
  })

  test.each([
    'attempt',
    'hasQueryToken',
    'source',
    'destination',
    'sni',
    'extensions',
    'metadata',
  ] as const)('check.%s throws when it is read, instead of being made up', (name) => {
    const check = viewsOf(recordOf(sampleOutcome()))?.check
    expect(check).toBeDefined()
    expect(() => check?.[name]).toThrow(`no record holds check.${name}`)
  })
})

const POSTURE: Posture = {
  state: 'attested',
  failure: undefined,
  detail: undefined,
  issuer: 'https://mdm.example.com',
  claims: { managed: true },
}

describe('every variable of conditions reads the same from a record', () => {
  const outcome = (): Outcome => ({
    check: policy.check({ headers: new Map([['x-region', ['eu', 'us']]]) }),
    stages: {
      entrypoint: snapshot().entrypoints.named('gateway'),
      subject: policy.subject(
        { actor: { subject: 'assistant' }, registration: { kind: 'user-app', owner: 'shop team' } },
        { workload: { id: 'spiffe://mesh.example.com/orders', trustDomain: 'mesh.example.com' } },
      ),
      facts: { ...policy.facts(), device: { id: 'd1', isAttested: true, posture: POSTURE } },
      past: policy.past(),
      assessment: policy.assessment('high', ['risk.new-device.unseen']),
    },
    decision: { effect: 'allow', reasons: ['policy.rule.x'], shadow: [], degraded: [] } satisfies Decision,
    answer: { effect: 'allow', setHeaders: [], removeHeaders: [], responseHeaders: [], metadata: {} },
  })
  const inputs = (): readonly [Input, Input] => {
    const first = outcome()
    const views = viewsOf(recordOf(first))
    if (views === undefined || first.stages === undefined) throw new Error('no stages')
    const headers = new Set(HEADERS)
    return [
      { ...first.stages, check: first.check, headers },
      { ...views, headers },
    ]
  }

  function entries(entry: Entry, path: string): [string, Exclude<Entry, { kind: 'group' }>][] {
    if (entry.kind !== 'group') return [[path, entry]]
    return Object.entries(entry.members).flatMap(([name, member]) => entries(member, `${path}.${name}`))
  }

  test.each(
    Object.entries(VARIABLES).flatMap(([name, entry]) => entries(entry, name)),
  )('%s', (_path, entry) => {
    const [first, again] = inputs()
    if (entry.kind !== 'map') {
      expect(entry.read(first)).toBeDefined()
      return expect(entry.read(again)).toEqual(entry.read(first))
    }
    const names = entry.keys(first)
    expect(names.length).toBeGreaterThan(0)
    expect(entry.keys(again)).toEqual(names)
    for (const name of names) expect(entry.member(again, name)).toEqual(entry.member(first, name))
  })
})

test('a proof that must come back with a nonce is answered with one again, and the record does not hold it', () => {
  const subject = {
    state: 'refused',
    failure: 'identity.dpop.nonce-required',
    scheme: 'DPoP',
    nextNonce: 'the-nonce',
  } as const
  const outcome = sampleOutcome({ check: checkOf() }, subject)
  const record = recordOf(outcome)
  const { answer } = decideAgain(record, snapshot())
  expect('headers' in answer && answer.headers).toContainEqual(['dpop-nonce', UNRECORDED])
  expect(JSON.stringify(record)).not.toContain('the-nonce')
})

test('the time of a record is exact to the millisecond', () => {
  const atMs = NOW * 1000 + 123
  expect(viewsOf(recordOf(sampleOutcome({ check: checkOf({ atMs }) })))?.check.atMs).toBe(atMs)
})
