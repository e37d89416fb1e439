import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { StoreSettings } from '../config/schema/static.ts'
import { StartError } from '../errors.ts'
import { unreadable } from '../lib/error-name.ts'
import type { Clock, Log, Meter } from '../ports.ts'
import { createMemoryStore } from './memory.ts'
import { readSecrets, rotatingSecrets } from './redis-secrets.ts'
import { parseSeed } from './seed.ts'
import type { Store } from './store.ts'

interface OpenDeps {
  readonly clock: Clock
  readonly log: Log
  readonly meter: Meter
  readonly newId: () => string
}

/**
 * The store that the settings ask for; ioredis is loaded only for Redis, because it costs memory and time at start. Files
 * are relative to the folder of the settings.
 * @throws StartError when a file is unreadable, or a seed line is none (the message names the line, never its content)
 */
export async function openStore(settings: StoreSettings, baseDir: string, deps: OpenDeps): Promise<Store> {
  const read = (key: string, file: string): string => {
    try {
      return readFileSync(resolve(baseDir, file), 'utf8')
    } catch (error) {
      throw new StartError(`store.${key} ${file}: ${unreadable(error)}`)
    }
  }
  // To the millisecond, although `iat` mostly has whole seconds: a fresh proof of this very second is asked for a nonce,
  // but one that an earlier process has taken within it does not pass again.
  const startedAtMs = deps.clock.nowMs()
  if (settings.kind === 'memory' || settings.redis === undefined) {
    const { maxEntries, seedFile: seed } = settings.memory
    return createMemoryStore({
      maxEntries,
      clock: deps.clock,
      startedAtMs,
      ...(seed === undefined ? {} : { seed: parseSeed(read('memory.seedFile', seed), seed) }),
    })
  }
  const { redis } = settings
  const secrets = readSecrets(redis, read)
  const { createRedisStore } = await import('./redis.ts')
  return createRedisStore({
    ...deps,
    startedAtMs,
    settings: redis,
    secrets: rotatingSecrets(secrets, () => readSecrets(redis, read), deps.log),
  })
}
