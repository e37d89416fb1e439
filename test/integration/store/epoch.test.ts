/** What a store that has lost its memory may not do: let a use pass for the first one. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from '@jest/globals'
import { BEAT_MS, EPOCH_TTL_MS } from '../../../src/store/epoch.ts'
import type { Store } from '../../../src/store/store.ts'
import { type RedisServer, startRedis } from '../../harness/redis.ts'
import { told } from '../../harness/redis-told.ts'
import { describeWithValkey } from '../../harness/tools.ts'
import { waitUntil } from '../../harness/wait.ts'
import { type Opened, openReady } from './given.ts'

const KEY = 'vigil:e:{epoch}'
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** Whether a proof made at this moment is taken, as history/uses.ts judges it. */
async function isTaken(store: Store, key: string, madeMs: number): Promise<boolean> {
  const [earlier] = await store.read([{ op: 'claim', key, value: 'attempt', ttlMs: 60_000 }], 5000)
  return earlier === null && madeMs >= (store.standing?.primarySinceMs ?? 0)
}

/** Now, and a moment in which nothing else happens: two events in one millisecond have no order. */
async function justNow(): Promise<number> {
  await sleep(2)
  const nowMs = Date.now()
  await sleep(2)
  return nowMs
}

describeWithValkey('the epoch of a store', (server) => {
  const started = async (args: readonly string[] = []): Promise<RedisServer> => {
    const valkey = await startRedis({ server, args })
    cleanups.push(() => valkey.stop())
    return valkey
  }
  const opened = async (port: number): Promise<Opened> => {
    const all = await openReady(port)
    cleanups.push(() => all.store.close())
    return all
  }

  test('DPOP-16 after FLUSHALL the very next claim is known to prove nothing', async () => {
    const valkey = await started()
    const { store, log, meter } = await opened(valkey.port)
    const madeMs = await justNow()
    expect(await isTaken(store, '{a}:1', madeMs)).toBe(true)
    await told(valkey.port, 'FLUSHALL')
    expect(await isTaken(store, '{a}:1', madeMs)).toBe(false)
    expect(log.lines).toContain('warn store.loss {"why":"memory"}')
    expect(meter.counts['vigil_store_losses_total{why=memory}']).toBe(1)
    await waitUntil('a new epoch', 5000, async () => (await told(valkey.port, `EXISTS ${KEY}`)) === ':1\r\n')
    expect(await isTaken(store, '{a}:2', await justNow())).toBe(true)
  })

  test('DPOP-16 claims that come while it is flushed: those that were lost are not taken again', async () => {
    const valkey = await started()
    const stores = await Promise.all([1, 2, 3, 4].map(async () => (await opened(valkey.port)).store))
    const taken = new Map<number, number>()
    const ask = async (use: number, madeMs: number, store: Store) => {
      if (await isTaken(store, `{f}:${use}`, madeMs)) taken.set(use, (taken.get(use) ?? 0) + 1)
    }
    for (let round = 0; round < 20; round++) {
      const madeMs = await justNow()
      const uses = Array.from({ length: 20 }, (_, i) => round * 20 + i)
      const all = () => uses.flatMap((use) => stores.map((store) => ask(use, madeMs, store)))
      await Promise.all([...all(), told(valkey.port, 'FLUSHALL'), ...all()])
      await Promise.all(all())
    }
    expect([...taken.values()].filter((times) => times > 1)).toEqual([])
    expect(taken.size).toBeGreaterThan(100)
  })

  test('an old snapshot in the same process is noticed when it is older than a beat', async () => {
    const valkey = await started(['--enable-debug-command', 'yes', '--dbfilename', 'old.rdb'])
    const stores = await Promise.all([1, 2].map(() => opened(valkey.port)))
    await told(valkey.port, 'SAVE')
    const madeMs = await justNow()
    const [one, other] = stores.map(({ store }) => store) as [Store, Store]
    expect(await isTaken(one, '{s}:1', madeMs)).toBe(true)
    await sleep(BEAT_MS + 500)
    expect(await isTaken(other, '{s}:1', madeMs)).toBe(false)
    expect(other.standing?.primarySinceMs).toBeLessThan(madeMs)
    expect(await told(valkey.port, 'DEBUG RELOAD NOSAVE')).toBe('+OK\r\n')
    expect(await isTaken(other, '{s}:1', madeMs)).toBe(false)
    expect(await isTaken(one, '{s}:2', madeMs)).toBe(false)
    for (const { log } of stores)
      await waitUntil('it is told', 5000, () => log.lines.includes('warn store.loss {"why":"memory"}'))
  })

  test('all processes go on with one epoch, and none of them takes that for a loss', async () => {
    const valkey = await started()
    const all = await Promise.all(Array.from({ length: 6 }, () => opened(valkey.port)))
    await Promise.all(all.map(({ store }) => store.health()))
    const first = await told(valkey.port, `GET ${KEY}`)
    await told(valkey.port, 'FLUSHALL')
    await waitUntil('all have noticed', 5000, () =>
      all.every(({ meter }) => (meter.counts['vigil_store_losses_total{why=memory}'] ?? 0) > 0),
    )
    await Promise.all(all.map(({ store }) => store.health()))
    const sinceMs = all.map(({ store }) => store.standing?.primarySinceMs)
    for (let i = 0; i < 5; i++) await Promise.all(all.map(({ store }) => store.health()))
    expect(all.map(({ store }) => store.standing?.primarySinceMs)).toEqual(sinceMs)
    expect((await told(valkey.port, `GET ${KEY}`)).split('\r\n')[1]?.split('.')[0]).not.toBe(
      first.split('\r\n')[1]?.split('.')[0],
    )
  })

  test('its key ends, and each beat renews that', async () => {
    const valkey = await started()
    const { store } = await opened(valkey.port)
    await told(valkey.port, `PEXPIRE ${KEY} 60000`)
    await store.health()
    const leftMs = Number((await told(valkey.port, `PTTL ${KEY}`)).slice(1))
    expect(leftMs).toBeGreaterThan(EPOCH_TTL_MS - 60_000)
    expect(leftMs).toBeLessThanOrEqual(EPOCH_TTL_MS)
  })
})
