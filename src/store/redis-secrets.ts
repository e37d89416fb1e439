import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { StoreSettings } from '../config/schema/static.ts'
import { StartError } from '../errors.ts'
import { errorName } from '../lib/error-name.ts'
import type { Log } from '../ports.ts'

export type RedisSettings = NonNullable<StoreSettings['redis']>
type TlsSettings = NonNullable<RedisSettings['tls']>

/** PEM texts and the name that the server must carry. */
export interface RedisTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
}

/** What stands in the files that the settings name. */
export interface RedisSecrets {
  readonly password?: string
  readonly tls?: RedisTls
  readonly sentinelPassword?: string
  readonly sentinelTls?: RedisTls
}

/** Reads the text of a file; `key` is its setting, for the error. */
export type ReadFile = (key: string, file: string) => string

/** Reads all files of the settings. @throws StartError when they are no certificate, or no pair; else what `read` throws */
export function readSecrets({ passwordFile, tls, sentinel }: RedisSettings, read: ReadFile): RedisSecrets {
  const password = (key: string, file: string | undefined) =>
    file === undefined ? undefined : read(`${key}.passwordFile`, file).trim()
  return {
    ...given('password', password('redis', passwordFile)),
    ...given('tls', readTls('redis.tls', tls, read)),
    ...given('sentinelPassword', password('redis.sentinel', sentinel?.passwordFile)),
    ...given('sentinelTls', readTls('redis.sentinel.tls', sentinel?.tls, read)),
  }
}

function readTls(at: string, tls: TlsSettings | undefined, read: ReadFile): RedisTls | undefined {
  if (tls === undefined) return undefined
  const part = (name: 'ca' | 'cert' | 'key', file: string | undefined) =>
    given(name, file === undefined ? undefined : read(`${at}.${name}File`, file))
  const files = { ...part('ca', tls.caFile), ...part('cert', tls.certFile), ...part('key', tls.keyFile) }
  try {
    // ioredis would give up for good. A renewal that is read half is none.
    createSecureContext(files)
    // It would only be passed over, and the reason not told.
    if (files.ca !== undefined) new X509Certificate(files.ca)
  } catch (error) {
    throw new StartError(
      `store.${at}: its files hold no PEM, or no certificate and its key (${errorName(error)})`,
    )
  }
  return { ...files, ...given('servername', tls.serverName) }
}

const given = <Name extends string, T>(name: Name, value: T | undefined): { readonly [K in Name]?: T } =>
  value === undefined ? {} : ({ [name]: value } as { readonly [K in Name]: T })

/**
 * Reads the files again for each connection, so that a password or a certificate is renewed by writing its file. Files
 * that cannot be read just then are told, and what was read last goes on.
 * @param first as they were at the start, when an unreadable one is an error
 */
export function rotatingSecrets(
  first: RedisSecrets,
  readAgain: () => RedisSecrets,
  log: Log,
): () => RedisSecrets {
  let last = first
  return () => {
    try {
      last = readAgain()
    } catch (error) {
      const reason = error instanceof StartError ? error.message : errorName(error)
      log.warn('store.secrets-unreadable', { reason })
    }
    return last
  }
}
