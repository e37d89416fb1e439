import { Redis } from 'ioredis'
import { splitListen } from '../lib/listen.ts'
import type { RedisSecrets, RedisSettings } from './redis-secrets.ts'

export type SentinelSettings = NonNullable<RedisSettings['sentinel']>

const SWITCHED = '+switch-master'
const LONGEST_BACKOFF_MS = 5000

export const placesOf = (nodes: readonly string[]): { host: string; port: number }[] =>
  nodes.map((node) => {
    const [host, port] = splitListen(node)
    return { host, port }
  })

/**
 * Listens to every Sentinel for another primary. The old one stays a primary for some seconds after a failover that is
 * asked for, or while a network is cut; a use that one process claims there is not known to those who went on. (ioredis
 * has a detector of its own; it writes to the console what fails, and takes the switch of any other name for ours.)
 * @returns ends it
 */
export function listenForSwitch(
  { name, nodes, username }: SentinelSettings,
  secrets: () => RedisSecrets,
  onSwitch: () => void,
): () => void {
  const clients = placesOf(nodes).map((node) => {
    const secretOptions = () => {
      const { sentinelPassword, sentinelTls } = secrets()
      return { password: sentinelPassword, tls: sentinelTls && { ...sentinelTls } }
    }
    const client: Redis = new Redis({
      ...node,
      ...secretOptions(),
      username,
      connectionName: 'vigil',
      disableClientInfo: true,
      enableReadyCheck: false,
      retryStrategy: (times) => {
        Object.assign(client.options, secretOptions())
        return Math.min(100 * 2 ** Math.min(times, 10), LONGEST_BACKOFF_MS)
      },
    })
    // What fails here is told when the primary is asked for.
    client.on('error', () => undefined)
    client.subscribe(SWITCHED).catch(() => undefined)
    client.on('message', (_channel, message: string) => {
      // `name old-host old-port new-host new-port`
      if (message.startsWith(`${name} `)) onSwitch()
    })
    return client
  })
  return () => {
    for (const client of clients) client.disconnect()
  }
}
