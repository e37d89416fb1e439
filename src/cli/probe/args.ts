import { UsageError } from '../usage-error.ts'
import type { ProbeArgs } from './index.ts'

export const PROBE_OPTIONS = {
  attachment: 'string',
  host: 'string',
  wait: 'string',
  timeout: 'string',
  json: 'boolean',
  ca: 'string',
  cert: 'string',
  key: 'string',
  'server-name': 'string',
  tls: 'boolean',
  plaintext: 'boolean',
} as const

type Values = Readonly<Record<string, string | boolean | undefined>>

const DEFAULT_ADDRESS = '127.0.0.1:9000'
const ADDRESS = /^(?:unix:\/.+|(?:\[[0-9a-fA-F:]+\]|[^:/\s[\]]+):\d{1,5})$/

/** @throws UsageError */
export function probeArgs(values: Values, positionals: readonly string[]): ProbeArgs {
  const [address, ...more] = positionals
  if (more.length > 0) throw new UsageError('probe takes one ADDRESS')
  const attachment = urlOf(textOf(values, 'attachment'))
  if (attachment !== undefined && address !== undefined)
    throw new UsageError('probe takes an ADDRESS or --attachment, not both')
  if (address !== undefined && !ADDRESS.test(address))
    throw new UsageError(`ADDRESS is host:port or unix:/path, e.g. vigil:9000, and not ${address}`)
  if (attachment === undefined && textOf(values, 'host') !== undefined)
    throw new UsageError('--host goes with --attachment')
  return {
    address: address ?? DEFAULT_ADDRESS,
    attachment,
    host: textOf(values, 'host'),
    ...tlsOf(values),
    timeoutMs: secondsOf('timeout', textOf(values, 'timeout'), 5),
    waitMs: secondsOf('wait', textOf(values, 'wait'), 0),
    isJson: values['json'] === true,
  }
}

function textOf(values: Values, name: string): string | undefined {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}

function tlsOf(values: Values) {
  const [ca, cert, key, serverName] = ['ca', 'cert', 'key', 'server-name'].map((name) => textOf(values, name))
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('--cert and --key go together')
  const [isTls, isPlaintext] = [values['tls'] === true, values['plaintext'] === true]
  if (isPlaintext && (isTls || [ca, cert, serverName].some((each) => each !== undefined)))
    throw new UsageError('--plaintext goes with no option of TLS')
  return { ca, cert, key, serverName, isTls, isPlaintext }
}

function urlOf(text: string | undefined): URL | undefined {
  if (text === undefined) return undefined
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new UsageError('--attachment is an http:// or https:// URL')
  return url
}

function secondsOf(name: string, text: string | undefined, otherwise: number): number {
  const seconds = text === undefined ? otherwise : Number(text)
  if (text?.trim() === '' || !(seconds >= 0 && seconds <= 3600))
    throw new UsageError(`--${name} takes a number of seconds, e.g. --${name} 10`)
  return Math.round(seconds * 1000)
}
