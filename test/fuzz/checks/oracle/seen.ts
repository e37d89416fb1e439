/** The request as the oracle reads it from the bytes: with the library's decoder, and by the words of the contract. */
import { join } from 'node:path'
import { loadSync } from '@grpc/proto-loader'
import { ROOT } from '../../../../scripts/root.ts'

export interface Seen {
  readonly method: string
  /** Lower case, without a dot at the end of the host. */
  readonly authority: string
  /** `authority` without the port. */
  readonly host: string
  /** Without the query. */
  readonly path: string
  readonly query: string
  readonly headers: ReadonlyMap<string, readonly string[]>
  readonly source: Peer
  readonly destination: Peer
  readonly extensions: Readonly<Record<string, string>>
  /** Equal for Envoy's own retry of one Check; absent: nothing is a retry of it. */
  readonly attempt: string | undefined
}

interface Peer {
  readonly ip: string
  readonly port: number
  readonly principal: string
  readonly certificate: string
}

interface WirePeer {
  readonly address?: { readonly socket_address?: { readonly address?: string; readonly port_value?: number } }
  readonly principal?: string
  readonly certificate?: string
}

interface WireHttp {
  readonly id?: string
  readonly method?: string
  readonly path?: string
  readonly host?: string
  readonly scheme?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly header_map?: {
    readonly headers?: readonly {
      readonly key?: string
      readonly value?: string
      readonly raw_value?: Buffer
    }[]
  }
}

interface Wire {
  readonly attributes?: {
    readonly source?: WirePeer
    readonly destination?: WirePeer
    readonly request?: {
      readonly time?: { readonly seconds?: number; readonly nanos?: number }
      readonly http?: WireHttp
    }
    readonly context_extensions?: Readonly<Record<string, string>>
  }
}

const service = loadSync('envoy/service/auth/v3/external_auth.proto', {
  includeDirs: [join(ROOT, 'envoy/protos')],
  keepCase: true,
  longs: Number,
  bytes: Buffer,
})['envoy.service.auth.v3.Authorization'] as unknown as {
  readonly Check: { requestDeserialize(bytes: Buffer): object }
}

/** The request as JSON, for people. @throws when it cannot be decoded */
export const decodeRequest = (bytes: Buffer): object => service.Check.requestDeserialize(bytes)

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** @returns why no such request may ever pass, in a word, or the request */
export function readSeen(bytes: Buffer): Seen | string {
  let wire: Wire
  try {
    wire = decodeRequest(bytes) as Wire
  } catch {
    return 'undecodable'
  }
  const http = wire.attributes?.request?.http
  if (http === undefined) return 'no http'
  if (!['', 'http', 'https'].includes((http.scheme ?? '').toLowerCase())) return 'scheme'
  if (!METHODS.includes(http.method ?? '')) return 'method'
  const headers = readHeaders(http)
  if (typeof headers === 'string') return headers
  const [path = ''] = (http.path ?? '').split('?')
  return flawOfPath(http.path ?? '', path) ?? understand(wire, http, headers)
}

function understand({ attributes = {} }: Wire, http: WireHttp, headers: Seen['headers']): Seen | string {
  const authority = (http.host ?? '').toLowerCase().replace(/\.(:\d+)?$/, '$1')
  if (!/^(\[[0-9a-f:.]+\]|[a-z0-9_][a-z0-9._-]*)(:\d{1,5})?$/.test(authority)) return 'host'
  const [path = '', ...query] = (http.path ?? '').split('?')
  const source = peerOf(attributes.source)
  return {
    method: http.method ?? '',
    authority,
    host: authority.startsWith('[') ? authority.replace(/:\d+$/, '') : (authority.split(':')[0] ?? ''),
    path,
    query: query.join('?'),
    headers,
    source,
    destination: peerOf(attributes.destination),
    extensions: attributes.context_extensions ?? {},
    attempt: attemptOf(http.id, attributes.request?.time, source),
  }
}

function attemptOf(
  id: string | undefined,
  time: { seconds?: number; nanos?: number } | undefined,
  { ip, port }: Peer,
) {
  const isWhole = id !== undefined && id !== '' && time?.seconds !== undefined && ip !== '' && port !== 0
  return isWhole ? JSON.stringify([id, time, ip, port]) : undefined
}

const peerOf = (peer: WirePeer | undefined): Peer => ({
  ip: peer?.address?.socket_address?.address ?? '',
  port: peer?.address?.socket_address?.port_value ?? 0,
  principal: peer?.principal ?? '',
  certificate: peer?.certificate ?? '',
})

function readHeaders(http: WireHttp): ReadonlyMap<string, readonly string[]> | string {
  const raw = http.header_map?.headers ?? []
  const pairs =
    raw.length > 0
      ? raw.map(({ key = '', value = '', raw_value: bytes }) => [
          key,
          bytes !== undefined && bytes.length > 0 ? bytes.toString('latin1') : value,
        ])
      : Object.entries(http.headers ?? {})
  const headers = new Map<string, string[]>()
  for (const [key = '', value = ''] of pairs) {
    const name = key.toLowerCase()
    if (name === ':protocol') return 'extended connect'
    if (!TOKEN.test(key.replace(/^:/, ''))) return 'header name'
    if (/[\0\r\n]/.test(value)) return 'header value'
    if (!name.startsWith(':')) headers.set(name, [...(headers.get(name) ?? []), value])
  }
  return headers
}

const DOTS = /(^|[/\\])\.{1,2}($|[/\\;])/

/** A path that two parsers could read in two ways: nobody may pass with it, whatever the configuration says. */
function flawOfPath(whole: string, path: string): string | undefined {
  if (!path.startsWith('/') || !/^[\x21-\x5b\x5d-\x7e]+$/.test(path)) return 'path characters'
  if (whole.includes('#') || /[\x00-\x20\x7f]/.test(whole)) return 'path characters'
  if (/%(?![0-9a-fA-F]{2})/.test(path)) return 'path escape'
  const decoded = path.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  if (/[\x00-\x1f\x7f]/.test(decoded)) return 'path control'
  return DOTS.test(path) || DOTS.test(decoded) ? 'dot segment' : undefined
}

/** The value of a header that came once. */
export const only = (seen: Seen, name: string): string | undefined => {
  const values = seen.headers.get(name)
  return values?.length === 1 ? values[0] : undefined
}

/** Where nobody lives: refused whoever asks and in either mode (docs/actions.md). */
export const isCanary = (path: string): boolean => path.endsWith('/.well-known/vigil-canary')

/** The same of what may not be understood otherwise: what Envoy tells of the path is there all the same. */
export function asksForCanary(bytes: Buffer): boolean {
  try {
    const { attributes } = decodeRequest(bytes) as Wire
    return isCanary((attributes?.request?.http?.path ?? '').replace(/[?#].*$/s, ''))
  } catch {
    return false
  }
}
