import { Redis, type RedisOptions } from 'ioredis'
import type { StoreSettings } from '../config/schema/static.ts'
import type { Log } from '../ports.ts'
import { errorCode } from './redis-failure.ts'

export type RedisSettings = NonNullable<StoreSettings['redis']>

/** PEM texts; the files behind them are read by whoever loads the settings. */
export interface RedisTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

export interface ConnectionOptions {
  readonly settings: RedisSettings
  readonly password?: string
  readonly tls?: RedisTls
  readonly log: Log
}

const CONNECT_TIMEOUT_MS = 2000
const LONGEST_BACKOFF_MS = 2000
const DISCONNECT_TIMEOUT_MS = 100

/**
 * One connection that fails fast: nothing is queued while it is down, and nothing is sent again after it was lost
 * (a claim that was repeated would look like a replay, a count would count twice). It starts to connect at once and
 * reconnects for ever: 50 ms, 100 ms, … 2 s.
 */
export function connect(options: ConnectionOptions, onReady: (client: Redis) => void): Redis {
  const client = new Redis(clientOptions(options))
  logTransitions(client, options)
  client.on('ready', () => onReady(client))
  // The reason is told by the `error` event; here it would only be told twice.
  client.connect().catch(() => undefined)
  return client
}

function clientOptions({
  settings,
  password,
  tls,
}: ConnectionOptions): RedisOptions & { replyMapping: 'legacy' } {
  return {
    host: settings.host,
    port: settings.port,
    db: settings.database,
    username: settings.username,
    password,
    tls: settings.tls === undefined ? undefined : { ...tls, ...serverName(settings.tls.serverName) },
    replyMapping: 'legacy',
    lazyConnect: true,
    // What is merged after the answers leaves in one write, too; reads have ReadBatch.
    enableAutoPipelining: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    retryStrategy: (times) => Math.min(25 * 2 ** Math.min(times, 10), LONGEST_BACKOFF_MS),
    // A primary that became a replica keeps its connections: look for the new one under the same name.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    connectionName: 'vigil',
    disableClientInfo: true,
  }
}

const serverName = (name: string | undefined) => (name === undefined ? {} : { servername: name })

/** One line when it is lost and one when it is back, however many attempts lie between. */
function logTransitions(client: Redis, { log, settings }: ConnectionOptions): void {
  const { host, port } = settings
  let lastError: string | undefined
  client.on('ready', () => {
    lastError = undefined
    log.info('store.connected')
  })
  client.on('error', (error) => {
    const code = errorCode(error)
    if (code !== lastError) log.warn('store.connection-failed', { host, port, code })
    lastError = code
  })
  client.on('reconnecting', () => {
    if (lastError === undefined) log.warn('store.connection-lost')
    lastError ??= ''
  })
}
