/** The store goes, hangs, slows down, fills up, forgets. */
import { type Fault, STORE_AWAY, STORE_SAYS } from '../promise.ts'
import { startSlowProxy } from '../world/slow-proxy.ts'

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
  let proxy: Awaited<ReturnType<typeof startSlowProxy>> | undefined
  return {
    name: 'redis-slow',
    title: `Redis answers after ${SLOW_MS} ms`,
    promise: away,
    prepare: async (world) => {
      proxy = await startSlowProxy(world.redis.port)
      const { budgetMs } = world.pace
      await world.restart({ store: { kind: 'redis', budgetMs, redis: { port: proxy.port } } })
    },
    start: () => proxy?.delay(SLOW_MS),
    stop: () => proxy?.delay(0),
    tidy: async (world) => {
      await world.restart()
      await proxy?.stop()
    },
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

export const redisFaults: readonly Fault[] = [killed, frozen, slow(), full]
