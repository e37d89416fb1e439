/** In which order the parts of the service are brought into use, hear of a check, and end. */
import { afterEach, describe, expect, test } from '@jest/globals'
import { settings as settingsSchema } from '../src/config/schema/settings.ts'
import type { Snapshot } from '../src/snapshot.ts'
import { createMemoryStore } from '../src/store/memory.ts'
import { openTestApp } from './harness/app.ts'
import { makeCheck } from './harness/requests.ts'
import { AUDIENCE, issuerOf, mintAccessToken, NOW_MS } from './harness/tokens.ts'
import { spyMeter } from './support/edge-samples.ts'

const OTLP = { kind: 'otlp' }

const rawOf = (audit: object, enforcement: object = {}) => ({
  identity: { issuers: [issuerOf()] },
  entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
  actions: [{ name: 'read', match: { methods: ['GET'], paths: ['/v1/{rest...}'] }, sensitivity: 'low' }],
  enforcement,
  audit,
})

const OBSERVING = { mode: 'observe' }

const checkOf = (id: string) =>
  makeCheck({
    id,
    atMs: NOW_MS + 1000,
    path: '/v1/items',
    headers: { authorization: `Bearer ${mintAccessToken()}` },
  })

const ends: (() => Promise<void>)[] = []

async function endAll(): Promise<void> {
  for (const end of ends.splice(0)) await end()
}

afterEach(endAll)

/** A service whose parts write down what they are asked; a collector takes every record, unless it is broken, and ends when it is released. */
async function start(audit: object, fixed = {}) {
  const kept: number[] = []
  const told: string[] = []
  const world = { isBroken: false, failing: undefined as string | undefined }
  const flushed = Promise.withResolvers<void>()
  const clock = { nowMs: () => NOW_MS, monotonicMs: () => NOW_MS }
  const memory = createMemoryStore({ maxEntries: 100, clock })
  const meter = spyMeter()
  const { app } = await openTestApp(rawOf(audit), {
    fixed,
    hasRecords: true,
    meter: {
      ...meter,
      add: (name, value, labels) => {
        if (name === world.failing) throw new Error(`${name} cannot be counted`)
        meter.add(name, value, labels)
      },
    },
    openExport: () => {
      if (world.isBroken) throw new Error('no collector')
      return {
        send: (records, onSettled) => {
          told.push(...records.map(({ id }) => `record ${id}`))
          onSettled(true)
        },
        close: async () => {
          told.push('sink closes')
          await flushed.promise
        },
      }
    },
    store: {
      kind: 'memory',
      read: (commands, budgetMs) => memory.read(commands, budgetMs),
      update: (key, ttlMs, merge) => {
        told.push('learned')
        kept.push(ttlMs)
        return memory.update(key, ttlMs, merge)
      },
      health: () => memory.health(),
      close: async () => {
        told.push('store closes')
        await memory.close()
      },
    },
  })
  ends.push(() => {
    flushed.resolve()
    return app.close()
  })
  const compile = (raw: object, hash: string): Snapshot => {
    const compiled = app.compile(settingsSchema.parse(raw), hash)
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
    return compiled.value
  }
  /** All that is set from here on to whether refusals are only observed. */
  const observing = () =>
    meter.counted.filter(({ name }) => name === 'vigil_observing').map(({ value }) => value)
  return { app, world, told, kept, compile, observing, release: () => flushed.resolve() }
}

describe('a configuration that is put in use', () => {
  test('is not where its sinks cannot be made: the one before goes on, with its sinks', async () => {
    const { app, world, told, compile, observing } = await start({ sinks: [OTLP] })
    const next = compile(rawOf({ sinks: [OTLP, OTLP] }, OBSERVING), 'next')
    const before = { current: app.current(), decider: app.decider() }
    world.isBroken = true
    await expect(app.use(next)).rejects.toThrow('no collector')
    expect({ current: app.current(), decider: app.decider() }).toEqual(before)
    expect(app.current()?.hash).toBe('test')
    expect(observing()).toEqual([0])
    expect(told).toEqual([])
  })

  test('decides at once, while what its predecessor recorded is still on its way', async () => {
    const { app, told, compile, observing, release } = await start({ sinks: [OTLP] })
    const next = compile(rawOf({ sinks: [OTLP, OTLP] }, OBSERVING), 'next')
    let isDone = false
    const using = app.use(next).then(() => {
      isDone = true
    })
    expect(app.current()).toBe(next)
    const outcome = await app.decider().decide(checkOf('at once'))
    expect(outcome.mode).toBe('observe')
    expect(observing()).toEqual([0, 2])
    expect([told, isDone]).toEqual([['sink closes'], false])
    release()
    await using
    expect(isDone).toBe(true)
  })
})

test('a check has its record first, whatever goes wrong with the rest', async () => {
  const { app, world, told } = await start({ sinks: [OTLP], required: true })
  const decider = app.decider()
  const outcome = await decider.decide(checkOf('first'))
  world.failing = 'vigil_checks_total'
  expect(() => decider.finish(outcome, 1)).toThrow('vigil_checks_total')
  await endAll()
  expect(told).toContain('record first')
})

test('what was learned is kept for as long as the static file says', async () => {
  const { app, kept } = await start(
    { sinks: [] },
    { store: { retention: { profileDays: 30, sessionDays: 2 } } },
  )
  const decider = app.decider()
  decider.finish(await decider.decide(checkOf('kept')), 1)
  await app.flush()
  expect(kept.sort()).toEqual([2 * 86_400_000, 30 * 86_400_000])
})

test('at the end what was learned is written, then what was recorded, and the store is closed last', async () => {
  const { app, told } = await start({ sinks: [OTLP] })
  const decider = app.decider()
  decider.finish(await decider.decide(checkOf('last')), 1)
  await endAll()
  expect(told).toEqual(['learned', 'learned', 'record last', 'sink closes', 'store closes'])
})
