/** The failure table of docs/failures.md, each row through the whole pipeline. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { type CheckHandler, createCheckHandler } from '../src/check/handler.ts'
import { decodeResponse } from '../src/check/wire.ts'
import { createOpenPlaces } from '../src/context/index.ts'
import type { Answer, Check, Outcome, Sensitivity } from '../src/model.ts'
import { silentLog } from '../src/ports.ts'
import tokenAge from '../src/risk/signals/token-age.ts'
import { createMemoryStore } from '../src/store/memory.ts'
import { type Store, StoreUnavailable } from '../src/store/store.ts'
import { openTestApp, type TestApp } from './harness/app.ts'
import { freePort } from './harness/ports.ts'
import { athOf, makeSigner, signProof } from './harness/proofs.ts'
import { makeCheck } from './harness/requests.ts'
import { AUDIENCE, issuerOf, keys, mintAccessToken, NOW, NOW_MS } from './harness/tokens.ts'
import { checkBytes } from './harness/wire.ts'
import { fakeMeter } from './store/fakes.ts'

const PAGE = join(import.meta.dirname, '../docs/failures.md')
const LOW = ['low', 'medium'] as const
const HIGH = ['high', 'critical'] as const
const ALL = [...LOW, ...HIGH] as const

/** The store, and the signals that see nothing without it. */
const DEGRADED = [
  'store',
  'signal:automation',
  'signal:binding',
  'signal:new-client',
  'signal:new-device',
  'signal:new-network',
  'signal:new-tls',
  'signal:request-rate',
  'signal:unusual-time',
  'signal:withheld-fact',
]

/** Names of the rows that have tests here. */
const tested: string[] = []
function row(name: string, tests: () => void): void {
  tested.push(name)
  describe(`failure row: ${name}`, tests)
}

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
  jest.useRealTimers()
})

/** One action per sensitivity, at `/v1/<sensitivity>`. */
const settings = (extra: Record<string, unknown> = {}, issuer: Record<string, unknown> = {}) => ({
  identity: { issuers: [issuerOf({ claims: ['level'], ...issuer })] },
  entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
  actions: ALL.map((sensitivity) => ({
    name: sensitivity,
    match: { paths: [`/v1/${sensitivity}`] },
    sensitivity,
  })),
  ...extra,
})

let attempts = 0
const checkOf = (
  sensitivity: Sensitivity,
  headers: Record<string, string>,
  parts: Partial<Omit<Check, 'headers'>> = {},
): Check =>
  makeCheck({
    atMs: NOW_MS + 1000,
    attempt: `attempt ${++attempts}`,
    path: `/v1/${sensitivity}`,
    headers,
    ...parts,
  })

const bearer = (claims: Record<string, unknown> = {}) => ({
  authorization: `Bearer ${mintAccessToken({ claims })}`,
})
const ask = (app: TestApp, sensitivity: Sensitivity, parts: Partial<Omit<Check, 'headers'>> = {}) =>
  app.decide(checkOf(sensitivity, bearer(), parts))

const headerOf = (answer: Answer, name: string): string | undefined =>
  'headers' in answer ? answer.headers.find(([key]) => key === name)?.[1] : undefined

/** 503 with Retry-After, for this reason. */
function expectUnavailable({ decision, answer }: Outcome, failure: string): void {
  expect(decision).toMatchObject({ effect: 'unavailable', failure })
  expect(answer).toMatchObject({ effect: 'unavailable', status: 503 })
  expect(headerOf(answer, 'retry-after')).toBe('1')
}

const storeThatFails = (error: () => Error): Store => ({
  kind: 'redis',
  read: () => Promise.reject(error()),
  update: () => Promise.reject(error()),
  health: () => Promise.resolve({ isReachable: false, degraded: [] }),
  close: () => Promise.resolve(),
})
const lost = () => storeThatFails(() => new StoreUnavailable('unreachable'))

row('the store is unreachable or over its budget: baselines and rates', () => {
  const failures = [
    ['unreachable', () => new StoreUnavailable('unreachable')],
    ['over its budget', () => new StoreUnavailable('timeout')],
    ['full', () => new StoreUnavailable('full')],
    ['broken in a way that nobody foresaw', () => new TypeError('bug')],
  ] as const

  test.each(
    failures,
  )('%s: low and medium go on with local state, and say so everywhere', async (_, error) => {
    const meter = fakeMeter()
    const app = await openTestApp(settings(), { store: storeThatFails(error), meter })
    for (const sensitivity of LOW) {
      const { decision, answer } = await ask(app, sensitivity)
      expect(decision).toMatchObject({ effect: 'allow', degraded: DEGRADED })
      expect(answer.metadata['degraded']).toEqual(DEGRADED)
      expect('setHeaders' in answer && answer.setHeaders).toContainEqual([
        'x-vigil-degraded',
        DEGRADED.join(),
      ])
    }
    expect(meter.counts['vigil_checks_degraded_total{input=store}']).toBe(2)
  })

  test.each(failures)('%s: high and critical are 503', async (_, error) => {
    const app = await openTestApp(settings(), { store: storeThatFails(error) })
    for (const sensitivity of HIGH)
      expectUnavailable(await ask(app, sensitivity), 'history.store.unavailable')
  })

  test('the configuration moves the border', async () => {
    const failure = { store: { low: 'unavailable', critical: 'degrade' } }
    const app = await openTestApp(settings({ failure }), { store: lost() })
    expectUnavailable(await ask(app, 'low'), 'history.store.unavailable')
    expect((await ask(app, 'medium')).decision).toMatchObject({ effect: 'allow' })
    expect((await ask(app, 'critical')).decision).toMatchObject({ effect: 'step-up', degraded: DEGRADED })
  })
})

row('the replay store is unreachable', () => {
  const signer = makeSigner('ES256')
  let proofs = 0
  const proved = async (sensitivity: Sensitivity, nonce?: string) => {
    const { jkt } = await signer
    const token = mintAccessToken({ claims: { cnf: { jkt } } })
    const claims = {
      jti: `proof ${++proofs}`,
      htm: 'GET',
      htu: `${AUDIENCE}/v1/${sensitivity}`,
      iat: NOW,
      ath: athOf(token),
      nonce,
    }
    return { authorization: `DPoP ${token}`, dpop: signProof(await signer, { claims }) }
  }
  const nonceFrom = async (app: TestApp) => {
    const { decision, answer } = await app.decide(checkOf('low', await proved('low')))
    expect(decision).toMatchObject({ effect: 'deny', failure: 'identity.dpop.nonce-required' })
    expect(answer).toMatchObject({ status: 401 })
    expect(headerOf(answer, 'www-authenticate')).toContain('error="use_dpop_nonce"')
    return headerOf(answer, 'dpop-nonce') ?? ''
  }

  test('low and medium: without a nonce one is asked for, with a fresh one the proof passes once', async () => {
    const app = await openTestApp(settings(), { store: lost() })
    const nonce = await nonceFrom(app)
    for (const sensitivity of LOW) {
      const headers = await proved(sensitivity, nonce)
      const first = await app.decide(checkOf(sensitivity, headers))
      expect(first.decision).toMatchObject({ effect: 'allow', degraded: [...DEGRADED, 'replay'] })
      const again = await app.decide(checkOf(sensitivity, headers))
      expect(again.decision).toMatchObject({ effect: 'deny', failure: 'identity.dpop.replayed' })
    }
  })

  test.each([
    [30, { effect: 'allow' }],
    [31, { effect: 'deny', failure: 'identity.dpop.nonce-required' }],
  ])('a nonce of %i seconds: %j', async (seconds, expected) => {
    const app = await openTestApp(settings(), { store: lost() })
    const nonce = await nonceFrom(app)
    const atMs = NOW_MS + 1000 + seconds * 1000
    const { decision } = await app.decide(checkOf('low', await proved('low', nonce), { atMs }))
    expect(decision).toMatchObject(expected)
  })

  test('high and critical: 503, with a fresh nonce and without', async () => {
    const app = await openTestApp(settings(), { store: lost() })
    const nonce = await nonceFrom(app)
    for (const sensitivity of HIGH) {
      for (const given of [nonce, undefined]) {
        const outcome = await app.decide(checkOf(sensitivity, await proved(sensitivity, given)))
        expectUnavailable(outcome, 'history.replay.unavailable')
      }
    }
  })

  test('a primary that took over later than the proof was made counts as unreachable for it', async () => {
    const clock = { nowMs: () => NOW_MS + 1000, monotonicMs: () => 0 }
    const store = createMemoryStore({ maxEntries: 100, clock, startedAtMs: NOW_MS + 1 })
    const app = await openTestApp(settings(), { store })
    const headers = await proved('low')
    expect((await app.decide(checkOf('low', headers))).decision).toMatchObject({
      failure: 'identity.dpop.nonce-required',
      degraded: [],
    })
    expectUnavailable(await app.decide(checkOf('high', await proved('high'))), 'history.replay.unavailable')
  })

  test('the configuration moves the border', async () => {
    const failure = { replay: { low: 'unavailable' }, store: { low: 'degrade' } }
    const app = await openTestApp(settings({ failure }), { store: lost() })
    expectUnavailable(await app.decide(checkOf('low', await proved('low'))), 'history.replay.unavailable')
  })
})

row('the keys of an issuer were never loaded, or are too old', () => {
  /** A key set on disk, which is looked at again after a second. */
  function keyFile(): string {
    const folder = mkdtempSync(join(tmpdir(), 'vigil-keys-'))
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'jwks.json')
    writeFileSync(file, JSON.stringify({ keys: [keys.es256.jwk] }))
    return file
  }

  test('never loaded: 503, whatever is at stake, and another issuer is not touched', async () => {
    const silent = { jwks: { uri: `http://127.0.0.1:${await freePort()}/jwks` } }
    const other = issuerOf({ issuer: 'https://other.example.com' })
    const raw = settings()
    const app = await openTestApp({ ...raw, identity: { issuers: [issuerOf(silent), other] } })
    for (const sensitivity of ALL) expectUnavailable(await ask(app, sensitivity), 'identity.keys.unavailable')
    const token = mintAccessToken({ claims: { iss: 'https://other.example.com' } })
    const { decision } = await app.decide(checkOf('low', { authorization: `Bearer ${token}` }))
    expect(decision).toMatchObject({ effect: 'allow' })
  })

  test('older than maxStaleSeconds: 503, whatever is at stake, also for a token in the cache', async () => {
    const file = keyFile()
    const app = await openTestApp(settings({}, { jwks: { file, maxStaleSeconds: 60 } }), { atMs: NOW_MS })
    expect((await ask(app, 'low')).decision).toMatchObject({ effect: 'allow' })
    rmSync(file)
    // Lost, but not for long enough.
    expect((await ask(app, 'low', { atMs: NOW_MS + 59_000 })).decision).toMatchObject({ effect: 'allow' })
    for (const sensitivity of ALL)
      expectUnavailable(await ask(app, sensitivity, { atMs: NOW_MS + 62_000 }), 'identity.keys.unavailable')
    writeFileSync(file, JSON.stringify({ keys: [keys.es256.jwk] }))
    // Back: the next try is due a few seconds after the last.
    await ask(app, 'low', { atMs: NOW_MS + 70_000 })
    expect((await ask(app, 'low', { atMs: NOW_MS + 80_000 })).decision).toMatchObject({ effect: 'allow' })
  })
})

/** The handler in front of an app, as bytes see it. */
function handlerOf(app: TestApp, bounds: { deadlineMs: number; maxInFlight: number }, meter = fakeMeter()) {
  return createCheckHandler(app.app.decider, {
    ...bounds,
    clock: app.clock,
    newId: app.newId,
    defer: (run) => run(),
    meter,
    log: silentLog,
  })
}
const CALLER = { state: 'unverified', sans: [] } as const
const bytesOf = (sensitivity: Sensitivity) =>
  checkBytes({ path: `/v1/${sensitivity}`, headers: bearer(), streamId: `stream ${++attempts}` })
const handle = async (handler: CheckHandler, sensitivity: Sensitivity) =>
  decodeResponse(await handler.handle(bytesOf(sensitivity), CALLER))
type Response = Awaited<ReturnType<typeof handle>>

function expectResponseUnavailable({ status, denied_response: denied }: Response): void {
  expect(status.code).toBe(7)
  expect(denied?.status.code).toBe(503)
  expect(denied?.headers.find(({ header }) => header.key === 'retry-after')?.header.value).toBe('1')
}

/** A store that answers when told. */
function storeOnHold() {
  const go = Promise.withResolvers<void>()
  const clock = { nowMs: () => NOW_MS, monotonicMs: () => 0 }
  const memory = createMemoryStore({ maxEntries: 100, clock })
  const store: Store = {
    ...memory,
    read: async (commands, budgetMs) => {
      await go.promise
      return memory.read(commands, budgetMs)
    },
  }
  return { store, go: () => go.resolve() }
}

row('the deadline is exceeded', () => {
  test.each(ALL)('%s: 503 at the deadline, counted', async (sensitivity) => {
    jest.useFakeTimers()
    const app = await openTestApp(settings(), { store: storeOnHold().store, atMs: NOW_MS + 1000 })
    const meter = fakeMeter()
    const asked = handle(handlerOf(app, { deadlineMs: 150, maxInFlight: 10 }, meter), sensitivity)
    let isAnswered = false
    void asked.then(() => {
      isAnswered = true
    })
    const pass = (ms: number) => {
      app.clock.set(app.clock.nowMs() + ms)
      return jest.advanceTimersByTimeAsync(ms)
    }
    await pass(149)
    expect(isAnswered).toBe(false)
    await pass(1)
    expectResponseUnavailable(await asked)
    expect(meter.counts['vigil_checks_refused_total{reason=check.deadline.exceeded}']).toBe(1)
  })
})

row('too many checks are in flight', () => {
  test('one more than allowed is 503 at once and counted; the others are decided', async () => {
    const { store, go } = storeOnHold()
    const app = await openTestApp(settings(), { store, atMs: NOW_MS + 1000 })
    const meter = fakeMeter()
    const handler = handlerOf(app, { deadlineMs: 60_000, maxInFlight: 2 }, meter)
    const inFlight = [handle(handler, 'low'), handle(handler, 'low')]
    for (const sensitivity of ALL) expectResponseUnavailable(await handle(handler, sensitivity))
    expect(meter.counts['vigil_checks_refused_total{reason=check.capacity.exceeded}']).toBe(4)
    go()
    for (const { status } of await Promise.all(inFlight)) expect(status.code ?? 0).toBe(0)
    expect((await handle(handler, 'low')).status.code ?? 0).toBe(0)
  })
})

row('the condition of a rule cannot be evaluated', () => {
  const ruled = (effect: string, extra: Record<string, unknown> = {}) =>
    settings({ policy: [{ name: 'errs', when: 'int(subject.claims.level) > 3', effect, ...extra }] })
  const many = (sensitivity: Sensitivity) => checkOf(sensitivity, bearer({ level: 'many' }))

  test.each([
    'allow',
    'monitor',
    'step-up',
    'throttle',
    'deny',
  ])('a rule with effect %s denies', async (effect) => {
    const app = await openTestApp(ruled(effect))
    for (const sensitivity of ALL) {
      const { decision, answer } = await app.decide(many(sensitivity))
      expect(decision).toMatchObject({ effect: 'deny', failure: 'policy.rule.error', rule: 'errs' })
      expect(answer).toMatchObject({ effect: 'deny', status: 403 })
    }
    const four = await app.decide(checkOf('low', bearer({ level: '4' })))
    expect(four.decision).not.toMatchObject({ failure: 'policy.rule.error' })
  })

  test('in shadow it only says so', async () => {
    const app = await openTestApp(ruled('deny', { shadow: true }))
    expect((await app.decide(many('low'))).decision).toMatchObject({
      effect: 'allow',
      shadow: [{ rule: 'errs', effect: 'deny', outcome: 'error' }],
    })
  })
})

row('an audit sink is full or broken, with `audit.required`', () => {
  function sinkIn(folder: string, audit: Record<string, unknown> = {}) {
    const root = mkdtempSync(join(tmpdir(), 'vigil-required-'))
    cleanups.push(() => rmSync(root, { recursive: true, force: true }))
    const path = join(root, folder, 'audit.jsonl')
    return { audit: { required: true, sinks: [{ kind: 'file', path }], ...audit } }
  }

  /** With a promise of the moment when a sink is known to lose what it is given. */
  function meterOfSinks() {
    const meter = fakeMeter()
    const { promise, resolve } = Promise.withResolvers<void>()
    const set: typeof meter.set = (name, value, labels) => {
      meter.set(name, value, labels)
      if (name === 'vigil_audit_sink_losing' && value === 1) resolve()
    }
    return { meter: { ...meter, set }, isLosing: promise }
  }

  test('full: 503, whatever is at stake, and the drops are counted', async () => {
    const meter = fakeMeter()
    const app = await openTestApp(settings(sinkIn('.', { queue: 2 })), { hasRecords: true, meter })
    for (const sensitivity of LOW) expect((await ask(app, sensitivity)).decision.effect).toBe('allow')
    for (const sensitivity of ALL) {
      const outcome = await ask(app, sensitivity)
      expectUnavailable(outcome, 'audit.record.unavailable')
      expect(outcome.stages).toBeUndefined()
    }
    expect(meter.counts['vigil_audit_dropped_total{sink=file,reason=full}']).toBe(4)
    await app.close()
  })

  test('broken: 503, whatever is at stake', async () => {
    const { meter, isLosing } = meterOfSinks()
    const app = await openTestApp(settings(sinkIn('missing')), { hasRecords: true, meter })
    await isLosing
    for (const sensitivity of ALL) expectUnavailable(await ask(app, sensitivity), 'audit.record.unavailable')
    await app.close()
  })

  test.each([
    ['full', { queue: 1 }, '.'],
    ['broken', {}, 'missing'],
  ])('%s without `audit.required`: the answers stand, and the drops are counted', async (reason, extra, folder) => {
    const { meter, isLosing } = meterOfSinks()
    const raw = settings(sinkIn(folder, { ...extra, required: false }))
    const app = await openTestApp(raw, { hasRecords: true, meter })
    if (reason === 'broken') await isLosing
    for (let i = 0; i < 3; i++) expect((await ask(app, 'low')).decision.effect).toBe('allow')
    await app.close()
    expect(meter.counts[`vigil_audit_dropped_total{sink=file,reason=${reason}}`]).toBe(
      reason === 'full' ? 2 : 3,
    )
  })
})

row('a signal fails', () => {
  test.each(ALL)('%s: its finding is absent, counted and told; the others count', async (sensitivity) => {
    const failing = jest.spyOn(tokenAge, 'evaluate').mockImplementation(() => {
      throw new TypeError('bug')
    })
    cleanups.push(() => failing.mockRestore())
    const meter = fakeMeter()
    const app = await openTestApp(settings(), { atMs: NOW_MS + 1000, meter })
    const { stages, decision, answer } = await app.decide(checkOf(sensitivity, bearer()))
    expect(stages?.assessment).toMatchObject({ failed: ['token-age'], level: 'low' })
    expect(decision.degraded).toEqual(['signal:token-age'])
    expect(answer.metadata['degraded']).toEqual(['signal:token-age'])
    expect(meter.counts['vigil_signal_errors_total{signal=token-age}']).toBe(1)
    expect(meter.counts['vigil_checks_degraded_total{input=signal:token-age}']).toBe(1)
  })
})

row('the data that tell country, ASN or city of an address are missing or broken', () => {
  const data = { data: 'none', countryFile: 'no-such.mmdb', asnFile: import.meta.filename }
  const ruled = settings({
    context: { network: data },
    policy: [{ name: 'abroad', when: 'facts.network.country != "DE"', effect: 'deny', whenUnknown: 'skip' }],
  })

  test.each(ALL)('%s: the fact is missing, and nothing else follows from it', async (sensitivity) => {
    const meter = fakeMeter()
    const openPlaces = createOpenPlaces({ meter, log: silentLog })
    const app = await openTestApp(ruled, { atMs: NOW_MS + 1000, openPlaces })
    const { stages, decision } = await app.decide(checkOf(sensitivity, bearer()))
    expect(stages?.facts.network).toEqual({
      country: undefined,
      asn: undefined,
      class: 'unknown',
      city: undefined,
    })
    expect(decision.effect).not.toMatch(/deny|unavailable/)
    expect(decision.degraded).toEqual([])
    expect(meter.counts['vigil_network_data_missing{what=country}']).toBe(1)
    expect(meter.counts['vigil_network_data_missing{what=asn}']).toBe(1)
  })
})

row('a fault of Vigil itself', () => {
  test.each(
    ALL,
  )('%s: an exception inside a stage is 503, not a pass and not a gRPC error', async (sensitivity) => {
    const replies: string[] = []
    Object.defineProperty(replies, 0, {
      get: () => {
        throw new TypeError('bug')
      },
    })
    const store: Store = { ...lost(), read: async () => replies }
    const app = await openTestApp(settings(), { store, atMs: NOW_MS + 1000 })
    const meter = fakeMeter()
    const handler = handlerOf(app, { deadlineMs: 60_000, maxInFlight: 10 }, meter)
    expectResponseUnavailable(await handle(handler, sensitivity))
    expect(meter.counts['vigil_checks_refused_total{reason=check.fault.unexpected}']).toBe(1)
  })
})

test('every row of the table on docs/failures.md is tested here, and nothing else is', () => {
  const [, table = ''] = readFileSync(PAGE, 'utf8').split(/\n\| failure \|.*\n\|---.*\n/)
  const rows = (table.split('\n\n')[0] ?? '').split('\n').map((line) => line.split('|')[1]?.trim())
  expect(tested).toEqual(rows)
})
