import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect as connectPlain, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { Redis } from 'ioredis'
import { freePort } from './ports.ts'
import { type Running, start } from './process.ts'

/** Files of a TLS server: certificate, key, and the CA that signed them. */
export type TlsFiles = { cert: string; key: string; ca: string }

/** Which server to start and with what. */
export type RedisOptions = {
  /** Path of valkey-server or redis-server, as describeWithValkey and describeWithRedis give it. */
  server: string
  /** TLS only, no plain port (not with the fetched Valkey). Client certificates are not asked for unless `args` says so. */
  tls?: TlsFiles
  /** Further arguments, e.g. `['--user', 'vigil on >secret ~* +@all']` or `['--cluster-enabled', 'yes']`. */
  args?: readonly string[]
  /** The same port again, for a server that comes back; a free one when absent. */
  port?: number
}

/** A server that answers. */
export type RedisServer = { port: number; running: Running; logs(): string; stop(): Promise<void> }

/** Starts a server without persistence on 127.0.0.1 and waits for its PONG. */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  const port = options.port ?? (await freePort())
  const scratch = mkdtempSync(join(tmpdir(), 'vigil-redis-'))
  const common = [
    '--bind',
    '127.0.0.1',
    '--dir',
    scratch,
    '--save',
    '',
    '--appendonly',
    'no',
    '--daemonize',
    'no',
  ]
  const running = start(options.server, [...common, ...portArgs(port, options.tls), ...(options.args ?? [])])
  const stop = async () => {
    await running.stop()
    rmSync(scratch, { recursive: true, force: true })
  }
  try {
    await running.waitUntil('PONG', () => isAnswering(port, options.tls))
  } catch (error) {
    await stop()
    throw error
  }
  return { port, running, logs: running.output, stop }
}

function portArgs(port: number, tls: TlsFiles | undefined): string[] {
  if (tls === undefined) return ['--port', String(port)]
  const files = ['--tls-cert-file', tls.cert, '--tls-key-file', tls.key, '--tls-ca-cert-file', tls.ca]
  return ['--port', '0', '--tls-port', String(port), ...files, '--tls-auth-clients', 'optional']
}

/** Who may do everything on servers that work together, whatever else `args` lets or keeps out. */
export const ADMIN = { username: 'admin', password: 'of-the-tests' }

/** What servers need that work together: they copy at once, know each other, and use TLS where there is nothing else. */
export const togetherArgs = (tls: TlsFiles | undefined): string[] => [
  ...['--user', ADMIN.username, 'on', `>${ADMIN.password}`, '~*', '&*', '+@all'],
  ...['--masteruser', ADMIN.username, '--masterauth', ADMIN.password],
  ...['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1'],
  ...(tls === undefined ? [] : ['--tls-replication', 'yes']),
]

/** A client that may do everything on such a server. */
export function adminOf(port: number, tls: TlsFiles | undefined): Redis {
  const client = new Redis({ port, ...ADMIN, ...(tls && { tls: { ca: readFileSync(tls.ca, 'utf8') } }) })
  // It is asked again and again while servers come and go.
  client.on('error', () => undefined)
  return client
}

async function isAnswering(port: number, tls: TlsFiles | undefined): Promise<boolean> {
  const socket = open(port, tls)
  try {
    socket.setTimeout(1000, () => socket.destroy(new Error('no answer')))
    await once(socket, tls ? 'secureConnect' : 'connect')
    socket.write('PING\r\n')
    const [answer] = await once(socket, 'data')
    // With a password set, NOAUTH is as much a sign of life as PONG; LOADING is not.
    return /^(\+PONG|-NOAUTH)/.test(String(answer))
  } catch {
    return false // not listening yet
  } finally {
    socket.destroy()
  }
}

function open(port: number, tls: TlsFiles | undefined): Socket {
  const where = { port, host: '127.0.0.1' }
  if (tls === undefined) return connectPlain(where)
  return connectTls({ ...where, ca: readFileSync(tls.ca), checkServerIdentity: () => undefined })
}
