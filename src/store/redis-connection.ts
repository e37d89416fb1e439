import { Redis, type RedisOptions } from 'ioredis'
import type { Log } from '../ports.ts'
import { errorCode } from './redis-failure.ts'
import type { RedisSecrets, RedisSettings } from './redis-secrets.ts'
import { placesOf, type SentinelSettings } from './redis-sentinels.ts'

export interface ConnectionOptions {
  readonly settings: RedisSettings
  /** Asked before each connection is made. */
  readonly secrets: () => RedisSecrets
  readonly log: Log
  /** One server of a cluster; absent: what the settings name. */
  readonly at?: { readonly host: string; readonly port: number }
}

const CONNECT_TIMEOUT_MS = 2000
/** A Sentinel that says nothing for so long is passed over for the next. */
const SENTINEL_TIMEOUT_MS = 1000
const LONGEST_BACKOFF_MS = 2000
const DISCONNECT_TIMEOUT_MS = 100

/**
 * One connection that fails fast: nothing is queued while it is down, and nothing is sent again after it was lost
 * (a claim that was repeated would look like a replay, a count would count twice). It starts to connect at once and
 * reconnects for ever: 50 ms, 100 ms, … 2 s. With Sentinels they are asked each time where the primary is; a server that
 * turns out to be a replica is left again.
 */
export function connect(options: ConnectionOptions, onReady: (client: Redis) => void): Redis {
  const backoffMs = (times: number) => {
    // Before each attempt, not after a refused one only: certificates are renewed, too.
    Object.assign(client.options, secretOptions(options.secrets()))
    return Math.min(25 * 2 ** Math.min(times, 10), LONGEST_BACKOFF_MS)
  }
  const client: Redis = new Redis(clientOptions(options, backoffMs))
  logTransitions(client, options)
  client.on('ready', () => onReady(client))
  // The reason is told by the `error` event; here it would only be told twice.
  client.connect().catch(() => undefined)
  return client
}

function clientOptions(
  { settings, secrets, at = settings }: ConnectionOptions,
  backoffMs: (times: number) => number,
): RedisOptions & { replyMapping: 'legacy' } {
  return {
    ...(settings.sentinel === undefined
      ? { host: at.host, port: at.port }
      : sentinelOptions(settings.sentinel, backoffMs)),
    ...secretOptions(secrets()),
    db: settings.database,
    username: settings.username,
    replyMapping: 'legacy',
    lazyConnect: true,
    // What is merged after the answers leaves in one write, too; reads have ReadBatch.
    enableAutoPipelining: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    retryStrategy: backoffMs,
    // A primary that became a replica keeps its connections: look for the new one under the same name.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    connectionName: 'vigil',
    disableClientInfo: true,
  }
}

/** Only the Sentinels that are named: no others that those tell of, which the rules of a network may not admit. */
function sentinelOptions(
  { name, nodes, username }: SentinelSettings,
  backoffMs: (times: number) => number,
): RedisOptions {
  return {
    name,
    sentinels: placesOf(nodes),
    sentinelUsername: username,
    sentinelCommandTimeout: SENTINEL_TIMEOUT_MS,
    sentinelRetryStrategy: backoffMs,
    updateSentinels: false,
  }
}

const secretOptions = ({ password, tls, sentinelPassword, sentinelTls }: RedisSecrets): RedisOptions => ({
  password,
  tls: tls && { ...tls },
  sentinelPassword,
  sentinelTLS: sentinelTls && { ...sentinelTls },
  // Without it ioredis speaks plaintext to the primary, whatever `tls` says.
  enableTLSForSentinelMode: tls !== undefined,
})

/** One line when it is lost and one when it is back, however many attempts lie between. */
function logTransitions(client: Redis, { log, settings, at }: ConnectionOptions): void {
  const { sentinel } = settings
  const { host, port } = at ?? settings
  const where = sentinel === undefined ? { host, port } : { sentinels: sentinel.nodes, name: sentinel.name }
  let lastError: string | undefined
  let lastSentinelError: string | undefined
  client.on('ready', () => {
    lastError = undefined
    lastSentinelError = undefined
    log.info('store.connected', at)
  })
  client.on('error', (error) => {
    const code = errorCode(error)
    if (code !== lastError) log.warn('store.connection-failed', { ...where, code })
    lastError = code
  })
  client.on('sentinelError', (error: Error) => {
    const code = sentinelCode(error)
    if (code !== lastSentinelError) log.warn('store.sentinel-failed', { ...where, code })
    lastSentinelError = code
  })
  client.on('reconnecting', () => {
    if (lastError === undefined) log.warn('store.connection-lost', at)
    lastError ??= ''
  })
}

/**
 * ioredis tells it in a sentence, and of a connection that failed nothing but that:
 * `failed to connect to sentinel … because …`, `…, but got an invalid reply: null`.
 */
const sentinelCode = ({ message }: Error): string =>
  message.includes('invalid reply')
    ? 'NO_SUCH_NAME'
    : (/\b[A-Z][A-Z_]{4,}\b/.exec(message)?.[0] ?? 'unreachable')
