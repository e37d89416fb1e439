/** A Redis Cluster: slots on three primaries, slots that move, a primary that falls. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { slotOf, tagOf } from '../../../src/store/slots.ts'
import type { Store, StoreCommand } from '../../../src/store/store.ts'
import { freePort } from '../../harness/ports.ts'
import { startRedis } from '../../harness/redis.ts'
import { type ClusterMember, type RedisCluster, startCluster } from '../../harness/redis-cluster.ts'
import { describeWithValkey } from '../../harness/tools.ts'
import { waitUntil } from '../../harness/wait.ts'
import { storeContract } from '../../store/contract.ts'
import { isReachable, type Opened, open, openReady, pass } from './given.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const TTL = 60_000
const claim = (key: string, value = 'x') => ({ op: 'claim', key, value, ttlMs: TTL }) satisfies StoreCommand
const get = (key: string) => ({ op: 'get', key }) satisfies StoreCommand
const count = (key: string) =>
  ({ op: 'window', key, window: 7, ttlMs: TTL, adds: true }) satisfies StoreCommand
const look = (key: string) => ({ ...count(key), adds: false })
const opened = async (cluster: Pick<RedisCluster, 'nodes'>): Promise<Opened> => {
  const all = await openReady(1, { settings: { cluster: { nodes: cluster.nodes } } })
  cleanups.push(() => all.store.close())
  return all
}

describeWithValkey('a store in a cluster', (server) => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startCluster({ server })
  }, 60_000)
  afterAll(() => cluster?.stop())
  /** Tags whose slots are on the first, second and third primary, far from those of other tests. */
  const tags = [100, 6000, 12_000].map(tagOf)
  const shifted = (by: number) => tags.map((tag) => tagOf(slotOf(tag) + by))

  storeContract('Cluster', async () => {
    const own = await startCluster({ server })
    const { store } = await openReady(1, { settings: { cluster: { nodes: own.nodes.slice(0, 1) } } })
    const stop = async () => {
      await store.close()
      await own.stop()
    }
    return { store, pass, stop }
  })

  test('a check whose keys are on three servers is answered in its order', async () => {
    const { store } = await opened(cluster)
    const [a, b, c] = shifted(1).map((tag) => `{${tag}}`)
    const commands = [
      claim(`${a}:u`),
      get(`${b}:p`),
      count(`${c}:m`),
      claim(`${b}:u`),
      look(`${c}:m`),
      count(`${a}:m`),
    ]
    expect(await store.read(commands, 5000)).toEqual([null, null, '1 0', null, '1 0', '1 0'])
    expect(await store.read(commands, 5000)).toEqual(['x', null, '2 0', 'x', '2 0', '2 0'])
  })

  test('checks that ask together are one pipeline for each server, with calls of their own for each slot', async () => {
    const { store } = await opened(cluster)
    await store.read([count(`{${tags[0]}}:n`)], 5000)
    const calls = async () => {
      const texts = await Promise.all(cluster.primaries.map(({ admin }) => admin.info('commandstats')))
      const of = (name: string) =>
        texts.map((text) => Number(new RegExp(`^cmdstat_${name}:calls=(\\d+)`, 'm').exec(text)?.[1] ?? 0))
      return { set: of('set'), mget: of('mget') }
    }
    const before = await calls()
    const slots = [...shifted(2), ...shifted(3)]
    await Promise.all(
      [1, 2, 3, 4].flatMap((use) =>
        slots.map((tag) =>
          store.read([claim(`{${tag}}:${use}`), get(`{${tag}}:p`), get(`{${tag}}:s`)], 5000),
        ),
      ),
    )
    const after = await calls()
    // Two slots on each server, each with four checks.
    for (const i of [0, 1, 2]) expect((after.mget[i] ?? 0) - (before.mget[i] ?? 0)).toBe(2)
  })

  describe('a slot that moves', () => {
    /** What one identity asks: some of its keys are there, some never were. */
    const asked = (tag: string, use: number) => [
      claim(`{${tag}}:u${use}`),
      get(`{${tag}}:profile`),
      get(`{${tag}}:session`),
      count(`{${tag}}:m`),
    ]

    test('each state answers the same, and nothing is claimed or counted twice', async () => {
      const { store } = await opened(cluster)
      const sinceMs = store.standing?.primarySinceMs
      const tag = tagOf(200)
      const to = cluster.primaries[1] as ClusterMember
      await store.update(`{${tag}}:profile`, TTL, () => 'habits')
      expect(await store.read(asked(tag, 1), 5000)).toEqual([null, 'habits', null, '1 0'])
      await cluster.beginMove(200, to)
      // A claim that is new goes to the one that gets the slot; those that were made are found where they are.
      expect(await store.read(asked(tag, 2), 5000)).toEqual([null, 'habits', null, '2 0'])
      expect(await store.read([...asked(tag, 1), ...asked(tag, 2)], 5000)).toEqual(
        ['x', 'habits', null, '4 0', 'x', 'habits', null, '4 0'].map((reply, i) => (i === 3 ? '3 0' : reply)),
      )
      await store.update(`{${tag}}:session`, TTL, (current) => `${current}`)
      await store.update(`{${tag}}:profile`, TTL, (current) => `${current}!`)
      expect(await store.read(asked(tag, 2), 5000)).toEqual(['x', 'habits!', 'null', '5 0'])
      await cluster.finishMove(200, to)
      expect(await store.read([...asked(tag, 1), claim(`{${tag}}:u3`)], 5000)).toEqual([
        'x',
        'habits!',
        'null',
        '6 0',
        null,
      ])
      await store.update(`{${tag}}:profile`, TTL, (current) => `${current}!`)
      expect(await store.read(asked(tag, 3), 5000)).toEqual(['x', 'habits!!', 'null', '7 0'])
      // No primary has lost anything.
      expect(store.standing?.primarySinceMs).toBe(sinceMs)
    }, 30_000)

    test('under load, from two processes: each use is taken once, each request counted once', async () => {
      const stores = await Promise.all([1, 2].map(async () => (await opened(cluster)).store))
      const tag = tagOf(300)
      const to = cluster.primaries[2] as ClusterMember
      let isMoving = true
      const taken = new Map<number, number>()
      const failures: string[] = []
      let use = 0
      let answered = 0
      const one = async (store: Store, use: number) => {
        try {
          const [earlier] = await store.read(asked(tag, use), 5000)
          answered++
          if (earlier === null) taken.set(use, (taken.get(use) ?? 0) + 1)
        } catch (error) {
          failures.push(String(error))
        }
      }
      const load = async () => {
        while (isMoving) {
          const mine = [use++, use++, use++]
          await Promise.all(mine.flatMap((n) => stores.map((store) => one(store, n))))
        }
      }
      const loads = [load(), load()]
      await waitUntil('some', 10_000, () => answered > 200)
      await cluster.beginMove(300, to)
      const atBegin = answered
      await waitUntil('some more', 10_000, () => answered > atBegin + 200)
      await cluster.finishMove(300, to)
      const atEnd = answered
      await waitUntil('some more', 10_000, () => answered > atEnd + 200)
      isMoving = false
      await Promise.all(loads)
      expect(failures).toEqual([])
      expect([...taken.values()].every((times) => times === 1)).toBe(true)
      expect(taken.size).toBe(use)
      const [sum] = await (stores[0] as Store).read([look(`{${tag}}:m`)], 5000)
      expect(sum).toBe(`${answered} 0`)
    }, 40_000)
  })

  test('DPOP-16 after FLUSHALL on one server the next claim there is known to prove nothing', async () => {
    const { store, meter } = await opened(cluster)
    const [a, b] = shifted(5).map((tag) => `{${tag}}:u`) as [string, string]
    await store.read([claim(a), claim(b)], 5000)
    await pass(5)
    const madeMs = Date.now()
    await pass(5)
    expect(store.standing?.primarySinceMs).toBeLessThan(madeMs)
    await cluster.primaries[1]?.admin.flushall()
    expect(await store.read([claim(a)], 5000)).toEqual(['x'])
    expect(await store.read([claim(b)], 5000)).toEqual([null])
    expect(store.standing?.primarySinceMs).toBeGreaterThan(madeMs)
    expect(meter.counts['vigil_store_losses_total{why=memory}']).toBe(1)
  })

  test('every server has an epoch of its own, which ends', async () => {
    const { store } = await opened(cluster)
    await store.health()
    const keys = await Promise.all(cluster.primaries.map(({ admin }) => admin.keys('vigil:e:*')))
    for (const [i, found] of keys.entries()) {
      expect(found.length).toBeGreaterThan(0)
      for (const key of found) expect(await cluster.primaries[i]?.admin.pttl(key)).toBeGreaterThan(0)
    }
  })

  test('a server that is no cluster is told', async () => {
    const single = await startRedis({ server })
    cleanups.push(() => single.stop())
    const { store, log } = open(1, { settings: { cluster: { nodes: [`127.0.0.1:${single.port}`] } } })
    cleanups.push(() => store.close())
    await waitUntil('the log', 5000, () =>
      log.lines.includes('warn store.cluster-unknown {"reason":"refused"}'),
    )
    await expect(store.read([get('{a}:1')], 100)).rejects.toMatchObject({ reason: 'unreachable' })
    expect(await isReachable(store)).toBe(false)
  })

  test('nodes that are not there are passed over for one that is', async () => {
    const nodes = [`127.0.0.1:${await freePort()}`, ...cluster.nodes.slice(2)]
    const { store } = await opened({ nodes })
    expect(await store.read([claim(`{${shifted(6)[0]}}:u`)], 5000)).toEqual([null])
  })
})

describeWithValkey('a cluster that loses a primary', (server) => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startCluster({ server, replicas: 1 })
  }, 60_000)
  afterAll(() => cluster?.stop())

  test('it hangs: its slots are over their budget, the others go on; a replica takes over, and proofs from before prove nothing', async () => {
    const { store, log } = await opened(cluster)
    const [a, b] = [100, 6000].map((slot) => `{${tagOf(slot)}}`) as [string, string]
    await store.read([claim(`${a}:u`), claim(`${b}:u`)], 5000)
    const lost = cluster.primaries[0] as ClusterMember
    const sinceMs = Date.now()
    lost.running.kill('SIGSTOP')
    cleanups.push(() => lost.running.kill('SIGCONT'))
    const [onLost, onOther] = await Promise.allSettled([
      store.read([claim(`${a}:u1`)], 50),
      store.read([claim(`${b}:u1`)], 5000),
    ])
    expect(onLost).toMatchObject({ status: 'rejected', reason: { reason: 'timeout' } })
    expect(onOther).toMatchObject({ status: 'fulfilled', value: [null] })
    const reasons = new Set<string>()
    await waitUntil('the replica', 20_000, () =>
      store.read([claim(`${a}:u2`)], 50).catch((error) => void reasons.add(error.reason)),
    )
    for (const reason of reasons) expect(['timeout', 'unreachable']).toContain(reason)
    expect(store.standing?.primarySinceMs).toBeGreaterThanOrEqual(sinceMs)
    await waitUntil('all', 10_000, () => isReachable(store))
    expect(log.lines.join()).not.toContain('replica')
  }, 60_000)
})
