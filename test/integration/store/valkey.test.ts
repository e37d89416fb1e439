import { performance } from 'node:perf_hooks'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { type Store, StoreUnavailable } from '../../../src/store/store.ts'
import { freePort } from '../../harness/ports.ts'
import { type RedisServer, startRedis } from '../../harness/redis.ts'
import { startProxy } from '../../harness/redis-proxy.ts'
import { told } from '../../harness/redis-told.ts'
import { describeWithValkey } from '../../harness/tools.ts'
import { waitUntil } from '../../harness/wait.ts'
import { storeContract } from '../../store/contract.ts'
import { isReachable, open, openReady, pass } from './given.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const BUDGET_MS = 20
const claim = (store: Store, key: string, value: string, budgetMs = 5000) =>
  store.read([{ op: 'claim', key, value, ttlMs: 60_000 }], budgetMs)
const get = (store: Store, key: string) => store.read([{ op: 'get', key }], 5000)

describeWithValkey('store', (server) => {
  storeContract('Valkey', async () => {
    const valkey = await startRedis({ server })
    const { store } = await openReady(valkey.port)
    const stop = async () => {
      await store.close()
      await valkey.stop()
    }
    return { store, pass, stop }
  })

  describe('with others on the same server', () => {
    let valkey: RedisServer
    beforeAll(async () => {
      valkey = await startRedis({ server })
    })
    afterAll(() => valkey.stop())
    const opened = async (...args: Parameters<typeof open> extends [number, ...infer R] ? R : never) => {
      const all = await openReady(valkey.port, ...args)
      cleanups.push(() => all.store.close())
      return all.store
    }

    test('DPOP-14 of one use claimed on four connections at once, exactly one is first', async () => {
      const stores = await Promise.all([opened(), opened(), opened(), opened()])
      for (let use = 0; use < 250; use++) {
        const replies = await Promise.all(
          stores.map((store, i) => claim(store, `{r}:${use}`, `attempt ${i}`)),
        )
        const found = replies.map(([earlier]) => earlier)
        expect(found.filter((earlier) => earlier === null)).toHaveLength(1)
        const winner = `attempt ${found.indexOf(null)}`
        expect(found.filter((earlier) => earlier === winner)).toHaveLength(3)
      }
    })

    test('counts of four connections add up', async () => {
      const stores = await Promise.all([opened(), opened(), opened(), opened()])
      const count = (store: Store) =>
        store.read([{ op: 'window', key: '{c}:n:', window: 1, ttlMs: 60_000, adds: true }], 5000)
      await Promise.all(stores.flatMap((store) => Array.from({ length: 50 }, () => count(store))))
      expect(await get(stores[0] as Store, '{c}:n:1')).toEqual(['200'])
    })

    test('updates of four connections are all kept, also after the server has forgotten the script', async () => {
      const stores = await Promise.all([opened(), opened(), opened(), opened()])
      const add = (current: string | null) => String(Number(current ?? 0) + 1)
      for (let round = 0; round < 50; round++) {
        await Promise.all(stores.map((store) => store.update('{u}:n', 60_000, add)))
        if (round % 10 === 0) await scriptFlush(valkey.port)
      }
      expect(await get(stores[0] as Store, '{u}:n')).toEqual(['200'])
    })

    test('when the server has forgotten the script, all is counted once and no claim meets itself', async () => {
      const store = await opened()
      const count = { op: 'window', key: '{n}:c:', window: 1, ttlMs: 60_000, adds: true } as const
      const look = { ...count, adds: false }
      await store.read([count], 5000)
      await scriptFlush(valkey.port)
      const asked = [{ op: 'claim', key: '{n}:u', value: 'x', ttlMs: 60_000 } as const, count, look]
      expect(await store.read(asked, 5000)).toEqual([null, '2 0', '2 0'])
    })

    test('every counter ends by itself', async () => {
      const store = await opened()
      const count = { op: 'window', key: '{t}:c:', window: 1, ttlMs: 60_000, adds: true } as const
      await store.read([count], 5000)
      await store.read([count], 5000)
      const left = Number(/:(-?\d+)/.exec(await told(valkey.port, 'PTTL vigil:{t}:c:1'))?.[1])
      expect(left).toBeGreaterThan(0)
      expect(left).toBeLessThanOrEqual(60_000)
    })

    test.each([
      ['RPUSH vigil:{b}:c:1 x', 'a list'],
      ['SET vigil:{b}:c:1 x', 'a text'],
    ])('%s: a counter that is %s fails its own check and not those beside it', async (spoil) => {
      const store = await opened()
      await told(valkey.port, 'DEL vigil:{b}:c:1 vigil:{g}:c:1')
      await told(valkey.port, spoil)
      const count = (key: string) =>
        store.read([{ op: 'window', key, window: 1, ttlMs: 60_000, adds: true }], 5000)
      const outcomes = await Promise.allSettled([count('{g}:c:'), count('{b}:c:'), count('{g}:c:')])
      expect(outcomes).toMatchObject([
        { value: ['1 0'] },
        { status: 'rejected', reason: { reason: 'refused' } },
        { value: ['2 0'] },
      ])
    })

    test('an update that always loses gives up', async () => {
      const [one, other] = await Promise.all([opened(), opened()])
      let n = 0
      const losing = one.update('{l}:n', 60_000, () => {
        other.update('{l}:n', 60_000, () => `other ${n++}`).catch(() => undefined)
        return 'one'
      })
      const outcome = await losing.then(
        () => 'written',
        (error: StoreUnavailable) => error.reason,
      )
      expect(['written', 'contended']).toContain(outcome)
    })

    test('another key prefix is another store', async () => {
      const [one, other] = await Promise.all([opened(), opened({ settings: { keyPrefix: 'other:' } })])
      await claim(one, '{p}:1', 'x')
      expect(await claim(other, '{p}:1', 'y')).toEqual([null])
    })

    test('another database is another store', async () => {
      const [one, other] = await Promise.all([opened(), opened({ settings: { database: 3 } })])
      await claim(one, '{d}:1', 'x')
      expect(await claim(other, '{d}:1', 'y')).toEqual([null])
    })

    test('one read is one write to the socket, whatever it asks', async () => {
      const proxy = await startProxy(valkey.port)
      cleanups.push(() => proxy.stop())
      const { store } = await openReady(proxy.port)
      cleanups.push(() => store.close())
      proxy.pieces.length = 0
      await store.read(
        [
          { op: 'claim', key: 'u:{a}:1', value: 'x', ttlMs: 1000 },
          { op: 'get', key: 'p:{a}:1' },
          { op: 'window', key: 'm:{a}:', window: 1, ttlMs: 1000, adds: true },
          { op: 'window', key: 'l:{b}:', window: 1, ttlMs: 1000, adds: false },
        ],
        5000,
      )
      // Between them may go a beat of the epoch.
      const pieces = proxy.pieces.filter((piece) => /\{[ab]\}/.test(piece))
      expect(pieces).toHaveLength(1)
      const sent = [...(pieces[0] ?? '').matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g)].map((m) => m[1])
      expect(sent).toEqual(['set', 'evalsha', 'mget'])
      expect(pieces[0]).toContain('vigil:e:{epoch}')
    })
  })

  test('the epoch is asked for only beside a claim', async () => {
    const valkey = await startRedis({ server })
    const proxy = await startProxy(valkey.port)
    cleanups.push(() => Promise.all([valkey.stop(), proxy.stop()]))
    const { store } = await openReady(proxy.port)
    cleanups.push(() => store.close())
    await get(store, 'p:{a}:1')
    const piece = proxy.pieces.find((piece) => piece.includes('p:{a}:1'))
    expect(piece).not.toContain('{epoch}')
  })

  test('nobody there: reads fail at once, and it connects when somebody is', async () => {
    const port = await freePort()
    const { store, log } = open(port)
    cleanups.push(() => store.close())
    await waitUntil('first failure', 5000, () => log.lines.length > 0)
    const startMs = performance.now()
    await expect(get(store, 'a')).rejects.toThrow(new StoreUnavailable('unreachable'))
    await expect(store.update('a', 1, () => '')).rejects.toMatchObject({ reason: 'unreachable' })
    // Far from its budget of 5000 ms: nothing was waited for.
    expect(performance.now() - startMs).toBeLessThan(2500)
    expect(await store.health()).toEqual({ isReachable: false, degraded: [] })
    const valkey = await startRedis({ server, port })
    cleanups.push(() => valkey.stop())
    await waitUntil('reconnect', 10_000, () => isReachable(store))
    expect(await claim(store, 'a', 'x')).toEqual([null])
    expect(log.lines).toEqual([
      `warn store.connection-failed {"host":"127.0.0.1","port":${port},"code":"ECONNREFUSED"}`,
      'info store.connected',
    ])
  })

  test('a server that hangs: the budget holds, late replies do no harm, and it is the same store after', async () => {
    const valkey = await startRedis({ server })
    cleanups.push(() => valkey.stop())
    const { store } = await openReady(valkey.port)
    cleanups.push(() => store.close())
    cleanups.push(() => valkey.running.kill('SIGCONT'))
    valkey.running.kill('SIGSTOP')
    for (let i = 0; i < 10; i++) {
      const startMs = performance.now()
      await expect(claim(store, `{h}:${i}`, 'x', BUDGET_MS)).rejects.toMatchObject({ reason: 'timeout' })
      expect(performance.now() - startMs).toBeLessThan(BUDGET_MS * 5)
    }
    valkey.running.kill('SIGCONT')
    await waitUntil('a reply', 5000, () => isReachable(store))
    // The claims were in the socket: they have run, so the same attempt finds itself.
    expect(await claim(store, '{h}:0', 'x')).toEqual(['x'])
  })

  test('a server that hangs for long: the connection is given up and made anew', async () => {
    const valkey = await startRedis({ server })
    cleanups.push(() => valkey.stop())
    const { store, log } = await openReady(valkey.port)
    cleanups.push(() => store.close())
    cleanups.push(() => valkey.running.kill('SIGCONT'))
    valkey.running.kill('SIGSTOP')
    const reasons = new Set<string>()
    await waitUntil('the connection is given up', 10_000, async () => {
      await claim(store, '{h}:1', 'x', BUDGET_MS).catch((error: StoreUnavailable) =>
        reasons.add(error.reason),
      )
      return reasons.has('unreachable')
    })
    expect(reasons).toEqual(new Set(['timeout', 'unreachable']))
    expect(log.lines).toContain('warn store.connection-silent')
    valkey.running.kill('SIGCONT')
    await waitUntil('reconnect', 10_000, () => isReachable(store))
    expect(await claim(store, '{h}:2', 'x')).toEqual([null])
  })

  test('after a restart it reconnects, and says since when claims are kept', async () => {
    const first = await startRedis({ server })
    const { store, log } = await openReady(first.port)
    cleanups.push(() => store.close())
    const before = store.standing?.primarySinceMs ?? 0
    await claim(store, '{s}:1', 'x')
    const stoppedMs = Date.now()
    await first.stop()
    await waitUntil('loss', 5000, async () => !(await isReachable(store)))
    const second = await startRedis({ server, port: first.port })
    cleanups.push(() => second.stop())
    await waitUntil('reconnect', 10_000, () => claim(store, '{s}:1', 'y').catch(() => undefined))
    expect(before).toBeLessThanOrEqual(stoppedMs)
    expect(store.standing?.primarySinceMs).toBeGreaterThanOrEqual(stoppedMs)
    expect(log.lines).toContain('warn store.loss {"why":"primary"}')
  })

  test('a failover behind one address is known before the first reply of the new primary is used', async () => {
    const [old, promoted] = await Promise.all([startRedis({ server }), startRedis({ server })])
    cleanups.push(() => Promise.all([old.stop(), promoted.stop()]))
    const proxy = await startProxy(old.port)
    cleanups.push(() => proxy.stop())
    const { store } = await openReady(proxy.port)
    cleanups.push(() => store.close())
    const switchedMs = Date.now()
    proxy.switchTo(promoted.port)
    await waitUntil('the new primary', 10_000, () => claim(store, '{f}:1', 'x').catch(() => undefined))
    expect(store.standing?.primarySinceMs).toBeGreaterThanOrEqual(switchedMs)
  })

  test('a store that may evict claims is degraded', async () => {
    const valkey = await startRedis({ server, args: ['--maxmemory-policy', 'allkeys-lru'] })
    cleanups.push(() => valkey.stop())
    const { store, meter } = await openReady(valkey.port)
    cleanups.push(() => store.close())
    expect(await store.health()).toMatchObject({ isReachable: true, degraded: ['eviction'] })
    expect(meter.counts['vigil_store_degraded{why=eviction}']).toBe(1)
    expect(meter.counts['vigil_store_degraded{why=replica}']).toBe(0)
  })

  test('that it may evict claims is told as soon as it is connected, without being asked', async () => {
    const valkey = await startRedis({ server, args: ['--maxmemory-policy', 'allkeys-lru'] })
    cleanups.push(() => valkey.stop())
    const { store, meter } = open(valkey.port)
    cleanups.push(() => store.close())
    // Not yet known is not 0, which would say that it can be relied on.
    expect(meter.counts).not.toHaveProperty(['vigil_store_degraded{why=eviction}'])
    await waitUntil('its standing', 10_000, () => 'vigil_store_degraded{why=eviction}' in meter.counts)
    expect(meter.counts['vigil_store_degraded{why=eviction}']).toBe(1)
  })

  test('a replica is degraded and takes no claims', async () => {
    const primary = await startRedis({ server })
    const args = ['--replicaof', '127.0.0.1', String(primary.port)]
    const replica = await startRedis({ server, args })
    cleanups.push(() => Promise.all([primary.stop(), replica.stop()]))
    const { store } = await openReady(replica.port)
    cleanups.push(() => store.close())
    expect((await store.health()).degraded).toEqual(['replica'])
    await expect(claim(store, '{x}:1', 'x')).rejects.toMatchObject({ reason: 'refused' })
  })

  test('a replica counts nothing, and the primary is looked for anew', async () => {
    const primary = await startRedis({ server })
    const args = ['--replicaof', '127.0.0.1', String(primary.port)]
    const replica = await startRedis({ server, args })
    cleanups.push(() => Promise.all([primary.stop(), replica.stop()]))
    const { store, log } = await openReady(replica.port)
    cleanups.push(() => store.close())
    const count = { op: 'window', key: '{x}:c:', window: 1, ttlMs: 60_000, adds: true } as const
    await expect(store.read([count], 5000)).rejects.toMatchObject({ reason: 'refused' })
    const connections = () => log.lines.filter((line) => line === 'info store.connected').length
    await waitUntil('another connection', 10_000, () => connections() === 2)
  })

  test('no memory left: claims are refused as full, what is there can be read', async () => {
    const valkey = await startRedis({
      server,
      args: ['--maxmemory', '1', '--maxmemory-policy', 'noeviction'],
    })
    cleanups.push(() => valkey.stop())
    const { store } = await openReady(valkey.port)
    cleanups.push(() => store.close())
    await expect(claim(store, '{x}:1', 'x')).rejects.toMatchObject({ reason: 'full' })
    expect(await get(store, '{x}:1')).toEqual([null])
    const count = { op: 'window', key: '{x}:c:', window: 1, ttlMs: 60_000, adds: true } as const
    await expect(store.read([count], 5000)).rejects.toMatchObject({ reason: 'full' })
  })

  describe('close', () => {
    test('ends what runs, and everything after it fails', async () => {
      const valkey = await startRedis({ server })
      cleanups.push(() => valkey.stop())
      const { store } = await openReady(valkey.port)
      await store.close()
      await store.close()
      await expect(get(store, 'a')).rejects.toMatchObject({ reason: 'unreachable' })
      expect(await isReachable(store)).toBe(false)
    })
  })
})

const scriptFlush = (port: number) => told(port, 'SCRIPT FLUSH')
