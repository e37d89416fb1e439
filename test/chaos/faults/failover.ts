/** A store of several servers, one of which goes. */
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

export const failoverFaults: readonly Fault[] = [failover()]
