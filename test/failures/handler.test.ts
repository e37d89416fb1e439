/** The rows of Vigil itself: too late, too much at once, and its own faults, as bytes show them. */
import { expect, jest, test } from '@jest/globals'
import { type CheckHandler, createCheckHandler } from '../../src/check/handler.ts'
import { decodeResponse } from '../../src/check/wire.ts'
import type { Sensitivity } from '../../src/model.ts'
import { silentLog } from '../../src/ports.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import type { Store } from '../../src/store/store.ts'
import { openTestApp, type TestApp } from '../harness/app.ts'
import { NOW_MS } from '../harness/tokens.ts'
import { checkBytes } from '../harness/wire.ts'
import { fakeMeter } from '../store/fakes.ts'
import { ALL, bearer, lost, newAttempt, row, settings } from './rows.ts'

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
  checkBytes({ path: `/v1/${sensitivity}`, headers: bearer(), streamId: newAttempt() })
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
