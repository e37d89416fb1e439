import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../../src/clock.ts'
import { createRedisStore, type RedisStoreOptions } from '../../../src/store/redis.ts'
import type { RedisSecrets } from '../../../src/store/redis-secrets.ts'
import type { Store } from '../../../src/store/store.ts'
import { waitUntil } from '../../harness/wait.ts'
import { fakeLog, fakeMeter } from '../../store/fakes.ts'

export interface Opened {
  readonly store: Store
  readonly log: ReturnType<typeof fakeLog>
  readonly meter: ReturnType<typeof fakeMeter>
}

export const SETTINGS = { host: '127.0.0.1', database: 0, keyPrefix: 'vigil:' }

/** A store on this port; `options` beside the connection's own. */
export function open(
  port: number,
  options: Partial<Omit<RedisStoreOptions, 'settings'>> & RedisSecrets & { settings?: object } = {},
): Opened {
  const log = fakeLog()
  const meter = fakeMeter()
  const { settings, password, tls, sentinelPassword, sentinelTls, ...others } = options
  const secrets = { password, tls, sentinelPassword, sentinelTls } as RedisSecrets
  const store = createRedisStore({
    log,
    meter,
    clock: systemClock,
    newId: randomUUID,
    secrets: () => secrets,
    ...others,
    settings: { ...SETTINGS, port, ...settings },
  })
  return { store, log, meter }
}

export const isReachable = async (store: Store) => (await store.health()).isReachable

export async function openReady(...args: Parameters<typeof open>): Promise<Opened> {
  const opened = open(...args)
  await waitUntil('store', 10_000, () => isReachable(opened.store))
  return opened
}

/** The time of a real server cannot be turned. */
export const pass = (ms: number) => sleep(ms)
