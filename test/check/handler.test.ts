import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import fc from 'fast-check'
import { createCheckHandler, type Decider, type HandlerOptions } from '../../src/check/handler.ts'
import { encodeRequest } from '../../src/check/wire.ts'
import type { Answer, Caller, Check, Outcome } from '../../src/model.ts'
import {
  ALLOWED,
  AT_MS,
  ID,
  refusedAnswer,
  sampleOutcome,
  spyLog,
  spyMeter,
  wireRequest,
} from '../support/edge-samples.ts'
import { GOOD, LOCAL, outright, SECRET, setUp } from './handler-set-up.ts'

const OBSERVED: Answer = { ...ALLOWED, effect: 'observe', would: refusedAnswer() }
/** Says that it is observed, and does not hold the refusal that it would have been. */
const UNFOUNDED = { ...ALLOWED, effect: 'observe' } as unknown as Answer

const never = () => new Promise<never>(() => undefined)
const boom = (): never => {
  throw new Error(`boom ${SECRET}\n    at ${SECRET} (x.ts:1:1)`)
}

test('a check is decided once, answered and finished', async () => {
  const { ask, seen, finished, handler } = setUp()
  const response = await ask()
  expect(response.status.code).toBe(0)
  expect(seen).toMatchObject([{ id: ID, atMs: AT_MS, path: '/v1/orders', caller: LOCAL }])
  expect(finished).toHaveLength(1)
  expect(handler.inFlight()).toBe(0)
})

test('a check keeps the configuration it began with, for its refusal and its record, too', async () => {
  const calls: string[] = []
  const verdicts = [Promise.withResolvers<Outcome>(), Promise.withResolvers<Outcome>()]
  const checks: Check[] = []
  const named = (name: string): Decider => ({
    decide: (check) => {
      calls.push(`${name} decides`)
      return (verdicts[checks.push(check) - 1] ?? Promise.withResolvers<Outcome>()).promise
    },
    refuse: (check, failure) => {
      calls.push(`${name} refuses`)
      return outright(check, failure)
    },
    finish: () => void calls.push(`${name} finishes`),
    abandon: () => void calls.push(`${name} abandons`),
  })
  let current = named('old')
  const handler = createCheckHandler(() => current, {
    deadlineMs: 150,
    maxInFlight: 10,
    clock: { nowMs: () => AT_MS, monotonicMs: () => 0 },
    newId: () => ID,
    defer: (run) => run(),
    meter: spyMeter(),
    log: spyLog(),
  })
  const passing = handler.handle(GOOD, LOCAL)
  const failing = handler.handle(GOOD, LOCAL)
  current = named('new')
  verdicts[0]?.resolve(sampleOutcome({ check: checks[0] as Check }))
  verdicts[1]?.reject(new Error(SECRET))
  await Promise.all([passing, failing])
  expect(calls).toEqual(['old decides', 'old decides', 'old finishes', 'old refuses', 'old finishes'])
})

describe('whatever breaks, the answer is a refusal and not a gRPC error', () => {
  const bogus = (answer: unknown) => async (check: Check) =>
    sampleOutcome({ check, answer: answer as Answer })
  test.each<[string, Partial<Decider>, Partial<HandlerOptions>]>([
    ['decide throws', { decide: boom }, {}],
    ['decide rejects', { decide: async () => boom() }, {}],
    ['decide rejects with a string', { decide: () => Promise.reject(SECRET) }, {}],
    ['decide gives nothing', { decide: async () => undefined as never }, {}],
    ['decide is no promise', { decide: () => 1 as never }, {}],
    ['decide and refuse throw', { decide: boom, refuse: boom }, {}],
    ['the answer is empty', { decide: bogus({}) }, {}],
    ['the answer is missing', { decide: bogus(undefined) }, {}],
    ['the answer has an unknown effect', { decide: bogus({ ...ALLOWED, effect: 'permit' }) }, {}],
    [
      'a refusal passes',
      { decide: boom, refuse: (check, failure) => ({ ...outright(check, failure), answer: ALLOWED }) },
      {},
    ],
    [
      'a refusal passes as if it were observed, without one',
      { decide: boom, refuse: (check, failure) => ({ ...outright(check, failure), answer: UNFOUNDED }) },
      {},
    ],
    ['there is no randomness', {}, { newId: boom }],
    ['there is no time', {}, { clock: { nowMs: boom, monotonicMs: () => 0 } }],
    ['there is no way to measure time', {}, { clock: { nowMs: () => AT_MS, monotonicMs: boom } }],
    ['nothing can be deferred', {}, { defer: boom }],
  ])('%s', async (_what, decider, options) => {
    const { ask, handler, log } = setUp(decider, options)
    const response = await ask()
    expect([7, 16]).toContain(response.status.code)
    expect(response.denied_response?.status.code).toBeGreaterThanOrEqual(400)
    expect(handler.inFlight()).toBe(0)
    expect(log.lines.join()).not.toContain(SECRET)
  })

  test('the log names the kind of error and a place, never its message', async () => {
    const { ask, log } = setUp({ decide: boom })
    await ask()
    expect(log.lines).toHaveLength(1)
    expect(log.lines[0]).toMatch(
      /"event":"check failed","decision":"5f0c.*"error":"Error at .*handler\.test\.ts:\d+/,
    )
  })

  test('the last resort tells when to come again', async () => {
    const { ask } = setUp({ decide: boom, refuse: boom })
    expect((await ask()).denied_response).toMatchObject({
      status: { code: 503 },
      headers: [{ header: { key: 'retry-after', value: '1' } }],
    })
  })

  test.each<[string, Partial<Decider>, Partial<HandlerOptions>]>([
    ['decide and refuse throw', { decide: boom, refuse: boom }, {}],
    ['nothing can be deferred', {}, { defer: boom }],
    ['finish throws', { finish: boom }, {}],
  ])('what ends without a record is given up once, and counted: %s', async (_what, decider, options) => {
    const abandoned: Check[] = []
    const { ask, meter } = setUp({ ...decider, abandon: (check) => void abandoned.push(check) }, options)
    await ask()
    expect(abandoned).toHaveLength(1)
    expect(meter.counted).toContainEqual({
      name: 'vigil_audit_dropped_total',
      value: 1,
      labels: { sink: 'all', reason: 'fault' },
    })
  })

  test('finish throws: the answer stands and the loss is counted', async () => {
    const { ask, meter, log } = setUp({ finish: boom })
    expect((await ask()).status.code).toBe(0)
    expect(meter.counted).toEqual([
      { name: 'vigil_audit_dropped_total', value: 1, labels: { sink: 'all', reason: 'fault' } },
    ])
    expect(log.lines.join()).not.toContain(SECRET)
  })
})

describe('the deadline', () => {
  beforeEach(() => {
    jest.useFakeTimers()
  })
  afterEach(() => {
    jest.useRealTimers()
  })

  test('a decision that never comes is answered 503 in time', async () => {
    const { ask, pass, handler, finished, meter } = setUp({ decide: never })
    const asked = ask()
    await pass(149)
    expect(handler.inFlight()).toBe(1)
    await pass(1)
    expect((await asked).denied_response).toMatchObject({
      status: { code: 503 },
      body: 'check.deadline.exceeded',
    })
    expect(handler.inFlight()).toBe(0)
    expect(finished).toMatchObject([{ decision: { reasons: ['check.deadline.exceeded'] } }])
    expect(meter.counted).toMatchObject([
      { name: 'vigil_checks_refused_total', labels: { reason: 'check.deadline.exceeded' } },
    ])
  })

  test('a late decision and a late failure are dropped', async () => {
    const late = (fails: boolean) => (check: Check) =>
      new Promise<Outcome>((resolve, reject) =>
        setTimeout(() => (fails ? reject(new Error(SECRET)) : resolve(sampleOutcome({ check }))), 200),
      )
    for (const fails of [true, false]) {
      const { ask, pass, finished } = setUp({ decide: late(fails) })
      const asked = ask()
      await pass(500)
      expect((await asked).denied_response?.status.code).toBe(503)
      expect(finished).toHaveLength(1)
    }
  })

  test('a refusal that throws inside the timer does not end the process', async () => {
    const { ask, pass } = setUp({ decide: never, refuse: boom })
    const asked = ask()
    await pass(150)
    expect((await asked).denied_response?.status.code).toBe(503)
  })

  test('a decision in time leaves no timer behind', async () => {
    await setUp().ask()
    expect(jest.getTimerCount()).toBe(0)
  })

  test('beyond the cap a check is refused at once and not decided', async () => {
    const decide = jest.fn(never)
    const { ask, pass, handler, meter } = setUp({ decide }, { maxInFlight: 2 })
    const first = [ask(), ask()]
    const third = await ask()
    expect(third.denied_response).toMatchObject({ status: { code: 503 }, body: 'check.capacity.exceeded' })
    expect(decide).toHaveBeenCalledTimes(2)
    expect(handler.inFlight()).toBe(2)
    expect(meter.counted).toMatchObject([{ labels: { reason: 'check.capacity.exceeded' } }])
    await pass(150)
    await Promise.all(first)
    expect(handler.inFlight()).toBe(0)
  })
})

test('an own fault passes where enforcement says that it is observed, and does not count as refused', async () => {
  const refuse = (check: Check, failure: string) => ({ ...outright(check, failure), answer: OBSERVED })
  const { ask, meter, finished } = setUp({ decide: boom, refuse })
  expect((await ask()).ok_response).toBeDefined()
  expect(meter.counted).toEqual([])
  expect(finished).toMatchObject([{ decision: { reasons: ['check.fault.unexpected'] } }])
})

describe('callers', () => {
  const gateway: Caller = { state: 'verified', sans: ['spiffe://mesh/gateway'] }
  const callers = ['spiffe://mesh/gateway']

  test('a listed caller is answered', async () => {
    expect((await setUp({}, { callers }).ask(GOOD, gateway)).status.code).toBe(0)
  })

  test.each<Caller>([
    { state: 'verified', sans: ['spiffe://mesh/other'] },
    { state: 'unverified', sans: [] },
  ])('%j gets 403, and nothing behind is touched', async (caller) => {
    const { ask, seen, meter } = setUp({}, { callers })
    const response = await ask(GOOD, caller)
    expect(response.denied_response).toMatchObject({ status: { code: 403 }, body: 'check.caller.refused' })
    expect(seen).toEqual([])
    expect(meter.counted).toMatchObject([{ labels: { reason: 'check.caller.refused' } }])
  })

  test('a refused caller learns nothing of the load', async () => {
    const { ask } = setUp({ decide: never }, { callers, maxInFlight: 0 })
    const response = await ask(GOOD, { state: 'unverified', sans: [] })
    expect(response.denied_response?.status.code).toBe(403)
  })
})

describe('malformed checks', () => {
  test.each([
    ['bytes that are no check', Buffer.from('0aff', 'hex'), 'check.request.undecodable'],
    ['no bytes', Buffer.alloc(0), 'check.request.not-http'],
    ['a hostile path', encodeRequest(wireRequest({ path: '/..;/admin' })), 'check.request.path'],
  ])('%s reach the gate marked, and never pass whatever it makes of them', async (_what, bytes, malformed) => {
    const { ask, seen } = setUp()
    const response = await ask(bytes)
    expect(seen).toMatchObject([{ malformed }])
    expect(response.denied_response?.status.code).toBe(503)
  })

  test('one passes where enforcement says that it is observed, and only then', async () => {
    const asked = (answer: Answer) => {
      const decide = async (check: Check) => sampleOutcome({ check, answer })
      return setUp({ decide }).ask(Buffer.from('0aff', 'hex'))
    }
    expect((await asked(OBSERVED)).ok_response).toBeDefined()
    for (const answer of [ALLOWED, UNFOUNDED])
      expect((await asked(answer)).denied_response?.status.code).toBe(503)
  })

  test('a refusal by the gate stands', async () => {
    const decide = async (check: Check) => sampleOutcome({ check, answer: refusedAnswer(400) })
    expect((await setUp({ decide }).ask(Buffer.from('0aff', 'hex'))).denied_response?.status.code).toBe(400)
  })

  test('random bytes are denials, with an accidental HTTP request among them or not', async () => {
    const property = fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const { ask, handler, seen } = setUp()
      const response = await ask(Buffer.from(bytes))
      if (seen[0]?.malformed !== undefined) expect([7, 16]).toContain(response.status.code)
      expect(response.status.code === 0).toBe(response.ok_response !== undefined)
      expect(handler.inFlight()).toBe(0)
    })
    await fc.assert(property, { numRuns: 500 })
  })

  test('a broken copy of a real check is a well-formed answer', async () => {
    const at = fc.nat(GOOD.length - 1)
    const property = fc.asyncProperty(at, fc.nat(255), async (index, byte) => {
      const bytes = Buffer.from(GOOD)
      bytes[index] = byte
      const response = await setUp().ask(bytes)
      expect([0, 7, 16]).toContain(response.status.code)
    })
    await fc.assert(property, { numRuns: 500 })
  })
})
