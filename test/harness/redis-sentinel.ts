import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Redis } from 'ioredis'
import { freePort } from './ports.ts'
import { type Running, start } from './process.ts'
import { ADMIN, adminOf, type RedisServer, startRedis, type TlsFiles, togetherArgs } from './redis.ts'
import { waitUntil } from './wait.ts'

export type SentinelOptions = {
  /** Path of valkey-server or redis-server. */
  server: string
  /** Sentinels beside the primary and its replica; one decides alone. */
  sentinels?: number
  replicas?: number
  /** For the servers and the Sentinels. */
  tls?: TlsFiles
  /** Further arguments of the servers. */
  args?: readonly string[]
  /** Further lines of each Sentinel's configuration, e.g. `user vigil on >… …`. */
  sentinelLines?: readonly string[]
  /** Silence after which the primary is taken for dead. */
  downAfterMs?: number
}

export type RedisSentinels = {
  name: string
  servers: RedisServer[]
  sentinels: { port: number; running: Running }[]
  /** Where the Sentinels are, as the settings take it. */
  nodes: string[]
  /** The port of the primary, as the first Sentinel tells it. */
  primary(): Promise<number>
  /** Waits until the primary is another than this, and says which. */
  waitForPrimary(otherThan: number): Promise<number>
  /** Has a replica promoted while the primary lives. */
  failover(): Promise<void>
  stop(): Promise<void>
}

const NAME = 'main'

/** Starts a primary, its replicas and Sentinels on 127.0.0.1, and waits until the Sentinels know all replicas. */
export async function startSentinels(options: SentinelOptions): Promise<RedisSentinels> {
  const { server, tls, sentinels: many = 1, replicas = 1 } = options
  const args = [...togetherArgs(tls), ...(options.args ?? [])]
  const stops: (() => unknown)[] = []
  const stop = async () => {
    for (const one of stops.splice(0).reverse()) await one()
  }
  try {
    const primary = await startRedis({ server, args, ...(tls && { tls }) })
    stops.push(primary.stop)
    const servers = [primary]
    for (let i = 0; i < replicas; i++) {
      const follow = ['--replicaof', '127.0.0.1', String(primary.port)]
      const replica = await startRedis({ server, args: [...args, ...follow], ...(tls && { tls }) })
      stops.push(replica.stop)
      servers.push(replica)
    }
    const sentinels: RedisSentinels['sentinels'] = []
    for (let i = 0; i < many; i++) {
      const one = await startSentinel(options, primary.port, Math.floor(many / 2) + 1)
      stops.push(one.stop)
      sentinels.push(one)
    }
    const asking = sentinels.map(({ port }) => adminOf(port, tls))
    stops.push(() => {
      for (const client of asking) client.disconnect()
    })
    const [first] = asking as [Redis]
    const primaryPort = async () => Number((await addressOf(first))?.[1])
    await Promise.all(asking.map((client) => waitUntil('replicas', 10_000, () => knows(client, replicas))))
    return {
      name: NAME,
      servers,
      sentinels,
      nodes: sentinels.map(({ port }) => `127.0.0.1:${port}`),
      primary: primaryPort,
      waitForPrimary: (other) =>
        waitUntil('another primary', 20_000, async () => {
          const port = await primaryPort()
          return port === other ? undefined : port
        }),
      failover: async () => void (await first.call('SENTINEL', 'FAILOVER', NAME)),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

const addressOf = (sentinel: Redis) =>
  sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME) as Promise<string[] | null>

/** A failover needs a replica that has answered the Sentinel and is linked to its primary. */
async function knows(sentinel: Redis, replicas: number): Promise<boolean> {
  const found = (await sentinel.call('SENTINEL', 'REPLICAS', NAME)) as string[][]
  return found.filter((fields) => fieldOf(fields, 'master-link-status') === 'ok').length === replicas
}

const fieldOf = (fields: readonly string[], name: string) => fields[fields.indexOf(name) + 1]

async function startSentinel(
  { server, tls, sentinelLines = [], downAfterMs = 1000 }: SentinelOptions,
  primary: number,
  quorum: number,
) {
  const port = await freePort()
  const scratch = mkdtempSync(join(tmpdir(), 'vigil-sentinel-'))
  const file = join(scratch, 'sentinel.conf')
  const lines = [
    'bind 127.0.0.1',
    `dir ${scratch}`,
    ...portLines(port, tls),
    `sentinel monitor ${NAME} 127.0.0.1 ${primary} ${quorum}`,
    `sentinel down-after-milliseconds ${NAME} ${downAfterMs}`,
    `sentinel failover-timeout ${NAME} 5000`,
    `sentinel auth-user ${NAME} ${ADMIN.username}`,
    `sentinel auth-pass ${NAME} ${ADMIN.password}`,
    `user ${ADMIN.username} on >${ADMIN.password} ~* &* +@all`,
    `sentinel sentinel-user ${ADMIN.username}`,
    `sentinel sentinel-pass ${ADMIN.password}`,
    ...sentinelLines,
  ]
  // It writes into this file what it learns.
  writeFileSync(file, `${lines.join('\n')}\n`)
  const running = start(server, [file, '--sentinel'])
  const stop = async () => {
    await running.stop()
    rmSync(scratch, { recursive: true, force: true })
  }
  try {
    await running.waitForLine(/\+monitor master/)
  } catch (error) {
    await stop()
    throw error
  }
  return { port, running, stop }
}

function portLines(port: number, tls: TlsFiles | undefined): string[] {
  if (tls === undefined) return [`port ${port}`]
  return [
    'port 0',
    `tls-port ${port}`,
    `tls-cert-file ${tls.cert}`,
    `tls-key-file ${tls.key}`,
    `tls-ca-cert-file ${tls.ca}`,
    'tls-auth-clients optional',
    'tls-replication yes',
  ]
}
