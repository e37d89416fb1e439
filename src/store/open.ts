import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { StoreSettings } from '../config/schema/static.ts'
import type { Clock, Log, Meter } from '../ports.ts'
import { createMemoryStore } from './memory.ts'
import { createRedisStore } from './redis.ts'
import type { RedisTls } from './redis-connection.ts'
import { seedFile } from './seed.ts'
import type { Store } from './store.ts'

interface OpenDeps {
  readonly clock: Clock
  readonly log: Log
  readonly meter: Meter
  /** When this process began (epoch ms): the memory store cannot know what an earlier one has seen. Absent: nothing. */
  readonly startedAtMs?: number
}

/**
 * The store that the settings ask for. Files are relative to the folder of the settings.
 * @throws when a file is unreadable, or a seed line is none (the message names the line, never its content)
 */
export function openStore(settings: StoreSettings, baseDir: string, deps: OpenDeps): Store {
  const path = (file: string) => resolve(baseDir, file)
  if (settings.kind === 'memory' || settings.redis === undefined) {
    const { maxEntries, seedFile: seed } = settings.memory
    return createMemoryStore({
      maxEntries,
      clock: deps.clock,
      ...(seed === undefined ? {} : { seed: seedFile(path(seed)) }),
      ...(deps.startedAtMs === undefined ? {} : { startedAtMs: deps.startedAtMs }),
    })
  }
  const { redis } = settings
  const password =
    redis.passwordFile === undefined ? undefined : readFileSync(path(redis.passwordFile), 'utf8').trim()
  return createRedisStore({
    ...deps,
    settings: redis,
    ...(password === undefined ? {} : { password }),
    ...(redis.tls === undefined ? {} : { tls: readTls(redis.tls, path) }),
  })
}

function readTls(
  tls: NonNullable<NonNullable<StoreSettings['redis']>['tls']>,
  path: (file: string) => string,
): RedisTls {
  const read = (name: keyof RedisTls, file: string | undefined) =>
    file === undefined ? {} : { [name]: readFileSync(path(file), 'utf8') }
  return { ...read('ca', tls.caFile), ...read('cert', tls.certFile), ...read('key', tls.keyFile) }
}
