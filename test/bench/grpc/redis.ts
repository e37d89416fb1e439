import { spawnSync } from 'node:child_process'
import { valkeyPath } from '../../../scripts/tools/locate.ts'
import { type RedisServer, startRedis } from '../../harness/redis.ts'
import { pinPid } from '../pin.ts'

/** Valkey beside the driver, so that the server under test keeps its core to itself; undefined where it is missing. */
export async function startBenchRedis(): Promise<RedisServer | undefined> {
  const server = valkeyPath()
  if (server === undefined) return undefined
  const redis = await startRedis({ server })
  pinPid('driver', redis.running.pid)
  return redis
}

/** As it names itself; for the report. */
export function redisVersion(): string | undefined {
  const server = valkeyPath()
  if (server === undefined) return undefined
  return /v=(\S+)/.exec(spawnSync(server, ['--version'], { encoding: 'utf8' }).stdout)?.[1]
}
