import type { SettingsProblem } from '../errors.ts'
import type { StoreSettings } from './schema/static.ts'

type RedisSettings = NonNullable<StoreSettings['redis']>

const AT = ['store', 'redis']

/** Every contradiction in `store.redis`. */
export const checkRedis = (redis: RedisSettings): SettingsProblem[] => [
  ...checkMode(redis),
  ...checkNodes(redis),
  ...checkTls(redis.tls, [...AT, 'tls']),
  ...checkTls(redis.sentinel?.tls, [...AT, 'sentinel', 'tls']),
]

function checkMode({ sentinel, cluster, host, port, database }: RedisSettings): SettingsProblem[] {
  if (sentinel === undefined && cluster === undefined) return []
  const problems: SettingsProblem[] = []
  if (sentinel !== undefined && cluster !== undefined) {
    const message = 'the servers are a cluster or have Sentinels, not both; remove one of the two'
    problems.push({ path: [...AT, 'cluster'], message })
  }
  const told = sentinel === undefined ? 'cluster.nodes' : 'sentinel.nodes'
  // What stands there by default cannot be told from what was written, and does no harm.
  if (host !== '127.0.0.1' || port !== 6379) {
    const message = `without effect beside ${told}; remove host and port`
    problems.push({ path: [...AT, host === '127.0.0.1' ? 'port' : 'host'], message })
  }
  if (cluster !== undefined && database !== 0) {
    const message = 'a cluster has no database but 0; remove this, and keep others apart with keyPrefix'
    problems.push({ path: [...AT, 'database'], message })
  }
  return problems
}

const checkNodes = ({ sentinel, cluster }: RedisSettings): SettingsProblem[] =>
  Object.entries({ sentinel, cluster }).flatMap(([mode, section]) =>
    (section?.nodes ?? []).flatMap((node, i) => {
      const port = Number(node.slice(node.lastIndexOf(':') + 1))
      if (port > 0 && port <= 65_535) return []
      return [{ path: [...AT, mode, 'nodes', i], message: `there is no port ${port}` }]
    }),
  )

function checkTls(tls: RedisSettings['tls'], path: (string | number)[]): SettingsProblem[] {
  const { certFile, keyFile } = tls ?? {}
  if ((certFile === undefined) === (keyFile === undefined)) return []
  return [{ path, message: 'certFile and keyFile belong together' }]
}
