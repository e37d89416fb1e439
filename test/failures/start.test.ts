/** The row of a start: what is mounted is bad. */
import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { hashSettings } from '../../src/config/hash.ts'
import { createLastGood, type LastGood } from '../../src/config/last-good.ts'
import { restoreSettings } from '../../src/config/read.ts'
import { firstGeneration } from '../../src/first-generation.ts'
import type { Snapshot } from '../../src/snapshot.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import type { Store } from '../../src/store/store.ts'
import { openTestApp, TEST_KEYS, type TestApp } from '../harness/app.ts'
import { fakeClock, fakeLog, fakeMeter } from '../store/fakes.ts'
import { ALL, ask, row, settings } from './rows.ts'

row('the mounted configuration is bad at the start', () => {
  const clock = fakeClock()

  function open(store: Pick<Store, 'read' | 'update'>, kind: Store['kind']): LastGood {
    return createLastGood({
      store: { kind, read: store.read, update: store.update },
      key: TEST_KEYS.lastGood,
      name: 'vigil',
      clock,
      entropy: randomBytes,
      meter: fakeMeter(),
      log: fakeLog(),
      schedule: (_ms, run) => {
        const timer = setImmediate(run)
        return () => clearImmediate(timer)
      },
    })
  }

  /** What an earlier process has left in the store. */
  async function left(store: Store, kind: Store['kind']): Promise<void> {
    const before = await openTestApp(settings())
    const snapshot = before.app.current()
    const written = Promise.withResolvers<void>()
    const update: Store['update'] = async (...args) => {
      await store.update(...args)
      written.resolve()
    }
    const lastGood = open({ read: store.read, update }, kind)
    if (snapshot !== undefined)
      lastGood.keep({ settings: snapshot.settings, hash: hashSettings(snapshot.settings) })
    if (kind === 'redis') await written.promise
    lastGood.close()
    await before.close()
  }

  async function begin(app: TestApp, store: Store, kind: Store['kind']) {
    const log = fakeLog()
    const problems = [{ file: 'vigil.yaml', line: 1, column: 1, message: 'unknown key actoins' }]
    const first = await firstGeneration<Snapshot>({
      read: () => Promise.resolve({ ok: false, problems }),
      restore: (kept) => restoreSettings(kept, '/etc/vigil', app.app.compile),
      lastGood: open(store, kind),
      isShared: kind !== 'memory',
      log,
      io: { stderr: () => undefined },
    })
    return { first, log }
  }

  test('the last good one from the store decides, whatever is at stake, and that is told', async () => {
    const store = createMemoryStore({ maxEntries: 100, clock })
    await left(store, 'redis')
    const app = await openTestApp({})
    const { first, log } = await begin(app, store, 'redis')
    if (first === undefined) throw new Error('there is no first generation')
    await app.app.use(first.value)
    const mounted = await openTestApp(settings())
    for (const sensitivity of ALL) {
      const [{ decision }, expected] = [await ask(app, sensitivity), await ask(mounted, sensitivity)]
      expect([decision.effect, decision.reasons]).toEqual([
        expected.decision.effect,
        expected.decision.reasons,
      ])
      expect(decision.reasons).not.toContain('policy.action.unknown')
    }
    await mounted.close()
    expect(log.lines[0]).toMatch(/^error configuration refused at the start, the last good one/)
    await app.close()
  })

  test('without one there is nothing to begin with: it ends', async () => {
    const app = await openTestApp({})
    const store = createMemoryStore({ maxEntries: 100, clock })
    expect((await begin(app, store, 'redis')).first).toBeUndefined()
    await app.close()
  })

  test('the memory store keeps none', async () => {
    const app = await openTestApp({})
    const store = createMemoryStore({ maxEntries: 100, clock })
    await left(store, 'memory')
    expect((await begin(app, store, 'memory')).first).toBeUndefined()
    await app.close()
  })
})
