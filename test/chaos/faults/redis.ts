/** The store goes, hangs, slows down, fills up, forgets. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Fault, type Promised, STORE_AWAY, STORE_SAYS, WHOLE } from '../promise.ts'
import { type SlowProxy, startSlowProxy } from '../world/slow-proxy.ts'

/**
 * While the store is away each process knows only the proofs that it took itself: one that passed at one Vigil may pass
 * at the other, too, at low and medium sensitivity.
 */
const ONCE_AT_EACH = { times: 2, untilMs: 60_000 }

const away = { ...STORE_AWAY, says: STORE_SAYS, proofs: ONCE_AT_EACH } as const

const killed: Fault = {
  name: 'redis-killed',
  title: 'Redis is killed, and comes back empty',
  promise: away,
  start: ({ redis }) => redis.stop('SIGKILL'),
  stop: ({ redis }) => redis.start(),
}

const frozen: Fault = {
  name: 'redis-frozen',
  title: 'Redis is frozen (SIGSTOP)',
  promise: away,
  start: ({ redis }) => redis.signal('SIGSTOP'),
  stop: ({ redis }) => redis.signal('SIGCONT'),
}

const SLOW_MS = 500

/** Behind a proxy of its own, which nothing else has to go through. */
function slow(): Fault {
  let proxy: SlowProxy | undefined
  return {
    name: 'redis-slow',
    title: `Redis answers after ${SLOW_MS} ms`,
    promise: away,
    fixed: async (world) => {
      proxy = await startSlowProxy(world.redis.port)
      const { budgetMs } = world.pace
      return { store: { kind: 'redis', budgetMs, redis: { port: proxy.port } } }
    },
    start: () => proxy?.delay(SLOW_MS),
    stop: () => proxy?.delay(0),
    tidy: async () => void (await proxy?.stop()),
  }
}

/** Nothing can be written, and so nothing can be claimed; what is only read would still be there. */
const full: Fault = {
  name: 'redis-full',
  title: 'Redis is full (maxmemory, noeviction)',
  promise: away,
  start: ({ redis }) => redis.say('CONFIG SET maxmemory 1'),
  stop: ({ redis }) => redis.say('CONFIG SET maxmemory 0'),
}

/** Everything is there again at once, but what was known of used proofs is not: those of before need a fresh nonce. */
const forgotten = {
  ...WHOLE,
  lowBound: { may: ['passed', 'nonce'] },
  highBound: { may: ['passed', 'nonce'] },
  says: 'noticed with the next proof: older ones are asked for a fresh nonce, and none passes twice',
} as const satisfies Promised

const flushed: Fault = {
  name: 'redis-flushed',
  title: 'FLUSHALL',
  promise: forgotten,
  start: ({ redis }) => redis.say('FLUSHALL'),
  stop: () => undefined,
}

/** The store is set back by some seconds behind a connection that stays: what was claimed meanwhile is gone. */
function setBack(): Fault {
  return {
    name: 'redis-set-back',
    title: 'The store is set back to a snapshot of some seconds ago',
    promise: forgotten,
    start: async ({ redis, pace }) => {
      await redis.say('SAVE')
      await sleep(pace.isShort ? AGE_MS.short : AGE_MS.full)
      await redis.say('DEBUG RELOAD NOSAVE')
    },
    stop: () => undefined,
  }
}

/** How old the snapshot is: the epoch is counted up each second. */
const AGE_MS = { short: 2200, full: 5000 }

export const redisFaults: readonly Fault[] = [killed, frozen, full, flushed, setBack(), slow()]
