/** A store of several servers, one of which goes. */
import { type ClusterMember, type RedisCluster, startCluster } from '../../harness/redis-cluster.ts'
import { type RedisSentinels, startSentinels } from '../../harness/redis-sentinel.ts'
import type { Expected, Fault } from '../promise.ts'
import type { World } from '../world/world.ts'

/** Silence after which the Sentinel takes the primary for dead. */
const DOWN_AFTER_MS = 500

const LOW: Expected = { may: ['passed', 'degraded'] }
const HIGH: Expected = { may: ['passed', 'unavailable'] }
const MOVING = {
  low: LOW,
  high: HIGH,
  lowBound: { may: [...LOW.may, 'nonce'] },
  highBound: { may: [...HIGH.may, 'nonce'] },
  bad: { may: ['refused', 'nonce', 'unavailable', 'degraded'] },
} as const satisfies Record<string, Expected>

const PROMOTED_WITHIN_MS = 10_000

function failover(): Fault {
  let sentinels: RedisSentinels | undefined
  return {
    name: 'redis-failover',
    title: 'The primary of the store is killed, and the Sentinel has the replica promoted',
    promise: {
      ...MOVING,
      says: 'as without a store until the replica is promoted; then proofs of before are asked for a fresh nonce',
      // Until then each Vigil knows only the proofs that it took itself.
      proofs: { times: 2, untilMs: PROMOTED_WITHIN_MS },
    },
    fixed: async ({ redis, pace }: World) => {
      sentinels = await startSentinels({ server: redis.server, downAfterMs: DOWN_AFTER_MS })
      const { name, nodes } = sentinels
      return {
        store: { kind: 'redis', budgetMs: pace.budgetMs, redis: { sentinel: { name, nodes } } },
      }
    },
    start: async () => {
      const before = await sentinels?.primary()
      sentinels?.servers.find(({ port }) => port === before)?.running.kill('SIGKILL')
      if (before !== undefined) await sentinels?.waitForPrimary(before)
    },
    stop: () => undefined,
    tidy: async () => void (await sentinels?.stop()),
  }
}

/** As many slots at most, one after the other: each holds keys of some of those who ask. */
const MOVED_SLOTS = 200

function slotsMoved(): Fault {
  let cluster: RedisCluster | undefined
  let moved = 0
  let moving: Promise<void> = Promise.resolve()
  let isOver = false
  return {
    name: 'redis-slots-moved',
    title: 'Slots of a Redis Cluster move to another server, with their keys',
    promise: {
      ...MOVING,
      says: 'a check whose slot is on its way may be one without a store; no used proof is forgotten',
    },
    fixed: async ({ redis, pace }: World) => {
      cluster = await startCluster({ server: redis.server })
      const { nodes } = cluster
      return { store: { kind: 'redis', budgetMs: pace.budgetMs, redis: { cluster: { nodes } } } }
    },
    start: async () => {
      isOver = false
      moving = moveSlots(cluster, () => {
        moved++
        return isOver
      })
      // What goes wrong is told when the fault ends; until then somebody must look at it.
      moving.catch(() => undefined)
    },
    inspect: async (_, tell) => {
      tell.note(`${moved} slots moved`)
      if (moved === 0) tell.flaw('no slot has moved')
    },
    stop: async () => {
      isOver = true
      await moving
    },
    tidy: async () => void (await cluster?.stop()),
  }
}

/** @param onMoved told of each; true: no more */
async function moveSlots(cluster: RedisCluster | undefined, onMoved: () => boolean): Promise<void> {
  const [from, to] = cluster?.primaries ?? []
  if (cluster === undefined || from === undefined || to === undefined) return
  for (const slot of (await slotsWithKeys(from)).slice(0, MOVED_SLOTS)) {
    await cluster.beginMove(slot, to)
    await cluster.finishMove(slot, to)
    if (onMoved()) return
  }
}

async function slotsWithKeys({ admin }: ClusterMember): Promise<readonly number[]> {
  const keys = (await admin.keys('*')) as string[]
  const slots = await Promise.all(keys.map((key) => admin.cluster('KEYSLOT', key)))
  return [...new Set(slots as number[])]
}

export const failoverFaults: readonly Fault[] = [failover(), slotsMoved()]
