import { randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import {
  createLastGood,
  type Kept,
  type LastGood,
  type LastGoodOptions,
  MAX_KEPT_CHARS,
  NOTHING_KEPT,
} from '../../src/config/last-good.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { type Store, StoreUnavailable } from '../../src/store/store.ts'
import { fakeClock, fakeLog, fakeMeter } from '../store/fakes.ts'
import { fakeTimers } from '../support/timers.ts'

const KEY = Buffer.alloc(32, 1)
const first = { settings: { actions: [] }, hash: '00000000000000a1' }
const second = { settings: { actions: [{ name: 'read' }] }, hash: '00000000000000b2' }
const HOUR_MS = 3600 * 1000

/** A store that several replicas share, as Redis is, and that can be away. */
function sharedStore(clock: ReturnType<typeof fakeClock>) {
  const memory = createMemoryStore({ maxEntries: 100, clock })
  const state = { isAway: false, writes: 0, keys: new Set<string>() }
  const orAway = <T>(act: () => Promise<T>) =>
    state.isAway ? Promise.reject(new StoreUnavailable('unreachable')) : act()
  const store: Pick<Store, 'kind' | 'read' | 'update'> = {
    kind: 'redis',
    read: (commands, budgetMs) => orAway(() => memory.read(commands, budgetMs)),
    update: (key, ttlMs, merge) =>
      orAway(() => {
        state.writes++
        state.keys.add(key)
        return memory.update(key, ttlMs, merge)
      }),
  }
  return { store, state }
}

/** A replica with timers that run when told. */
function replica(
  shared: ReturnType<typeof sharedStore>,
  clock: ReturnType<typeof fakeClock>,
  options: Partial<LastGoodOptions> = {},
) {
  const timers = fakeTimers()
  const log = fakeLog()
  const meter = fakeMeter()
  const lastGood: LastGood = createLastGood({
    store: shared.store,
    key: KEY,
    name: 'vigil',
    clock,
    entropy: randomBytes,
    meter,
    log,
    schedule: timers.schedule,
    ...options,
  })
  /** Runs what waits. @returns after how long it would have run */
  const fire = () => {
    const due = timers.take()
    for (const { ms, run } of due) {
      clock.advance(ms)
      run()
    }
    return due.map(({ ms }) => ms)
  }
  /** The same, and waits until what it began has come to its end, which is the next timer. */
  const elapse = async () => {
    const waits = fire()
    await settled(() => timers.waiting().length > 0)
    return waits
  }
  const isKept = () => meter.counts['vigil_config_last_good_kept{}']
  return { lastGood, log, fire, elapse, isKept, waiting: timers.waiting }
}

/** Packing is done by threads: no promise here tells when. */
async function settled(isDone: () => boolean): Promise<void> {
  while (!isDone()) await new Promise((resolve) => setImmediate(resolve))
}

function given() {
  const clock = fakeClock()
  const shared = sharedStore(clock)
  return { clock, shared, open: (options?: Partial<LastGoodOptions>) => replica(shared, clock, options) }
}

const recalled = async (lastGood: LastGood): Promise<Kept> => {
  const kept = await lastGood.recall()
  if (typeof kept === 'string') throw new Error(kept)
  return kept
}

describe('keeping', () => {
  test('another process gets what was in use, and since when', async () => {
    const { clock, open } = given()
    const one = open()
    const sinceMs = clock.nowMs()
    one.lastGood.keep(first)
    await one.elapse()
    expect(one.isKept()).toBe(1)
    expect(await open().lastGood.recall()).toEqual({ ...first, sinceMs })
  })

  test('neither waits nor throws, whatever the store does', async () => {
    const { shared, open } = given()
    const one = open()
    shared.state.isAway = true
    one.lastGood.keep(first)
    expect(shared.state.writes).toBe(0)
    const waits: number[] = []
    for (let i = 0; i < 8; i++) waits.push(...(await one.elapse()))
    expect(waits).toEqual([0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
    expect(one.isKept()).toBe(0)
    expect(one.log.lines).toEqual([
      'warn the configuration cannot be kept in the store {"reason":"unreachable"}',
    ])
    shared.state.isAway = false
    await one.elapse()
    expect(one.isKept()).toBe(1)
    expect(await recalled(open().lastGood)).toMatchObject(first)
  })

  test('the same generation is written once and then renewed every hour', async () => {
    const { shared, open } = given()
    const one = open()
    one.lastGood.keep(first)
    one.lastGood.keep(first)
    await one.elapse()
    one.lastGood.keep(first)
    expect([shared.state.writes, one.waiting()]).toEqual([1, [HOUR_MS]])
    for (let hour = 0; hour < 24 * 45; hour++) await one.elapse()
    expect(await recalled(open().lastGood)).toMatchObject(first)
  }, 30_000)

  test('nobody renews it any more: it is gone after 30 days', async () => {
    const { clock, open } = given()
    const one = open()
    one.lastGood.keep(first)
    await one.elapse()
    one.lastGood.close()
    expect(one.waiting()).toEqual([])
    clock.advance(30 * 24 * HOUR_MS + 1)
    expect(await open().lastGood.recall()).toBe('nothing is kept')
  })

  test('a replica that has not seen the newest edit does not take it away', async () => {
    const { clock, open } = given()
    const [slow, quick] = [open(), open()]
    slow.lastGood.keep(first)
    await slow.elapse()
    clock.advance(1000)
    quick.lastGood.keep(second)
    await quick.elapse()
    await slow.elapse()
    expect(await recalled(open().lastGood)).toMatchObject(second)
  })

  test('going back to an older configuration is an edit like any other', async () => {
    const { clock, open } = given()
    const one = open()
    for (const generation of [first, second, first]) {
      clock.advance(1000)
      one.lastGood.keep(generation)
      await one.elapse()
    }
    expect(await recalled(open().lastGood)).toMatchObject(first)
  })

  test('one that was started from keeps its age, so that the next edit is newer', async () => {
    const { clock, open } = given()
    const begun = clock.nowMs()
    const one = open()
    one.lastGood.keep(first, begun - HOUR_MS)
    await one.elapse()
    expect(await recalled(open().lastGood)).toMatchObject({ sinceMs: begun - HOUR_MS })
  })

  test('a clock that is far ahead does not keep the others from writing', async () => {
    const { clock, open } = given()
    const [ahead, one] = [open(), open()]
    ahead.lastGood.keep(first, clock.nowMs() + HOUR_MS)
    await ahead.elapse()
    one.lastGood.keep(second)
    await one.elapse()
    expect(await recalled(open().lastGood)).toMatchObject(second)
  })

  test('what is too large to be read beside checks is not kept, and that is said', async () => {
    const { shared, open } = given()
    const one = open()
    one.lastGood.keep({ settings: randomBytes(MAX_KEPT_CHARS).toString('base64'), hash: first.hash })
    await one.elapse()
    expect([shared.state.writes, one.isKept()]).toEqual([0, 0])
    expect(one.log.lines[0]).toContain('warn the configuration is too large to be kept in the store')
    expect(await open().lastGood.recall()).toBe('nothing is kept')
  })
})

describe('recalling', () => {
  async function kept() {
    const all = given()
    const one = all.open()
    one.lastGood.keep(first)
    await one.elapse()
    const [key = ''] = all.shared.state.keys
    return { ...all, key }
  }

  test('under another instance key, or another name, nothing is found', async () => {
    const { open } = await kept()
    expect(await open({ key: Buffer.alloc(32, 2) }).lastGood.recall()).toBe('nothing is kept')
    expect(await open({ name: 'other' }).lastGood.recall()).toBe('nothing is kept')
  })

  test('what stands there under another key is refused', async () => {
    const { shared, key, clock } = await kept()
    const foreign = replica(shared, clock, { key: Buffer.alloc(32, 2) })
    foreign.lastGood.keep(second)
    await foreign.elapse()
    const [, foreignKey = ''] = shared.state.keys
    const [text] = await shared.store.read([{ op: 'get', key: foreignKey }], 10)
    await shared.store.update(key, HOUR_MS, () => text ?? '')
    expect(await replica(shared, clock).lastGood.recall()).toBe(
      'what is kept was not written with this instance key',
    )
  })

  test('what was changed there is refused, and the next process that is well writes over it', async () => {
    const { shared, key, open } = await kept()
    await shared.store.update(key, HOUR_MS, (text) => `${text?.slice(0, -2)}AA`)
    expect(await open().lastGood.recall()).toBe('what is kept was not written with this instance key')
    const one = open()
    one.lastGood.keep(second)
    await one.elapse()
    expect(await recalled(open().lastGood)).toMatchObject(second)
  })

  test('waits for the store while it is being connected, and not for ever', async () => {
    const { shared, open } = await kept()
    const one = open()
    shared.state.isAway = true
    const waiting = one.lastGood.recall()
    for (let i = 0; i < 3; i++) {
      await settled(() => one.waiting().length > 0)
      if (i === 2) shared.state.isAway = false
      one.fire()
    }
    expect(await waiting).toMatchObject(first)
    shared.state.isAway = true
    const never = open()
    let said: Kept | string | undefined
    const ending = never.lastGood.recall().then((kept) => {
      said = kept
    })
    for (let i = 0; i < 100 && said === undefined; i++) {
      await settled(() => never.waiting().length > 0 || said !== undefined)
      never.fire()
    }
    await ending
    expect(said).toBe('the store cannot be reached')
  })
})

test('with the memory store nothing is kept', async () => {
  const clock = fakeClock()
  const store = createMemoryStore({ maxEntries: 10, clock })
  const { lastGood } = replica({ ...sharedStore(clock), store }, clock)
  expect(lastGood).toBe(NOTHING_KEPT)
  lastGood.keep(first)
  expect(await lastGood.recall()).toBe('nothing is kept')
})
