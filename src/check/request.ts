import { hash, X509Certificate } from 'node:crypto'
import type { FailureCode } from '../errors.ts'
import type { Caller, Check, Peer } from '../model.ts'
import { splitPath } from './path.ts'
import type { WireCheckRequest, WireHttp, WirePeer, WireStruct, WireValue } from './wire.ts'

/** What the edge knows of a check besides its message. */
export interface Arrival {
  readonly id: string
  readonly atMs: number
  readonly caller: Caller
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const AUTHORITY = /^(?:\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_-])?)(?::\d{1,5})?$/
const NO_METADATA = Object.freeze({})
const NO_EXTENSIONS: ReadonlyMap<string, string> = new Map()

/** CheckRequest -> Check. Never throws on content: what cannot be judged safely is marked `malformed`. */
export function toCheck(wire: WireCheckRequest, arrival: Arrival): Check {
  const attributes = wire.attributes ?? {}
  const http = attributes.request?.http
  const { path, hasQuery, hasQueryToken, isHostile } = splitPath(http?.path ?? '')
  const headers = readHeaders(http)
  const authority = normaliseAuthority(http?.host ?? '')
  const method = http?.method ?? ''
  const source = toPeer(attributes.source)
  const malformed = judge(http, method, authority, isHostile, headers)
  return {
    ...arrival,
    attempt: attemptOf(attributes.request, source, arrival.id),
    method,
    scheme: (http?.scheme ?? '').toLowerCase(),
    authority,
    path,
    hasQuery,
    hasQueryToken,
    protocol: http?.protocol ?? '',
    headers,
    source,
    destination: toPeer(attributes.destination),
    sni: attributes.tls_session?.sni ?? '',
    extensions: attributes.context_extensions
      ? new Map(Object.entries(attributes.context_extensions))
      : NO_EXTENSIONS,
    metadata: toMetadata(attributes.metadata_context?.filter_metadata),
    isGrpc: isGrpc(headers.get('content-type')?.[0]),
    ...(malformed === undefined ? {} : { malformed }),
  }
}

/** The check that stands for bytes which are no CheckRequest. */
export function undecodableCheck(arrival: Arrival): Check {
  return { ...toCheck({}, arrival), malformed: 'check.request.undecodable' }
}

function judge(
  http: WireHttp | undefined,
  method: string,
  authority: string,
  isHostile: boolean,
  headers: Check['headers'],
): FailureCode | undefined {
  // The network filter sends checks without HTTP: nothing here can judge them.
  if (http === undefined) return 'check.request.not-http'
  // Extended CONNECT (RFC 8441) carries `:protocol`.
  if (method === 'CONNECT' || headers.has(':protocol')) return 'check.request.connect'
  if (!METHODS.has(method)) return 'check.request.method'
  if (!AUTHORITY.test(authority)) return 'check.request.host'
  if (isHostile) return 'check.request.path'
  return undefined
}

/** Lower case, one trailing dot of the host dropped; the port stays. */
function normaliseAuthority(host: string): string {
  const lower = host.toLowerCase()
  return lower.includes('.:') || lower.endsWith('.') ? lower.replace(/\.(?=:\d+$|$)/, '') : lower
}

/** Both forms that Envoy sends: `headers` (repeats joined by `,`) and `header_map` (raw bytes, each entry alone). */
function readHeaders(http: WireHttp | undefined): Check['headers'] {
  const headers = new Map<string, string[]>()
  const list = http?.header_map?.headers
  if (list !== undefined && list.length > 0) {
    for (const { key, value, raw_value: raw } of list) {
      const text = raw !== undefined && raw.length > 0 ? Buffer.from(raw).toString('latin1') : (value ?? '')
      add(headers, (key ?? '').toLowerCase(), text)
    }
    return headers
  }
  const map = http?.headers
  if (map !== undefined) for (const key of Object.keys(map)) add(headers, key.toLowerCase(), map[key] ?? '')
  return headers
}

function add(headers: Map<string, string[]>, key: string, value: string): void {
  // Pseudo headers have fields of their own; only `:protocol` tells something that no field does.
  if (key.startsWith(':') && key !== ':protocol') return
  const values = headers.get(key)
  if (values === undefined) headers.set(key, [value])
  else values.push(value)
}

/** Envoy's own retry of one Check repeats these; a client cannot choose them. Without them nothing is a retry. */
function attemptOf(
  request: NonNullable<WireCheckRequest['attributes']>['request'],
  source: Peer,
  decisionId: string,
): string {
  const id = request?.http?.id
  const time = request?.time
  if (!id || time === undefined || source.ip === undefined) return decisionId
  return hash(
    'sha256',
    `${id}|${time.seconds ?? 0}.${time.nanos ?? 0}|${source.ip}|${source.port ?? 0}`,
    'base64url',
  )
}

function toPeer(peer: WirePeer | undefined): Peer {
  const socket = peer?.address?.socket_address
  const principal = peer?.principal ?? ''
  const encoded = peer?.certificate
  return {
    ...(socket?.address ? { ip: socket.address } : {}),
    ...(socket?.port_value ? { port: socket.port_value } : {}),
    // A NUL truncates names in other parsers (CVE-2026-47778): such a principal is nobody.
    principal: /[^\x20-\x7e]/.test(principal) ? '' : principal,
    // Parsed only by who needs it: most checks do not.
    ...(encoded ? lazyCertificate(encoded) : {}),
  }
}

function lazyCertificate(encoded: string): { readonly certificate: Uint8Array } {
  let der: Uint8Array | undefined
  return {
    get certificate() {
      der ??= decodeCertificate(encoded)
      return der
    },
  }
}

/** URL-encoded PEM -> DER; empty when it is no certificate, which then matches no thumbprint. */
function decodeCertificate(encoded: string): Uint8Array {
  try {
    return new X509Certificate(decodeURIComponent(encoded)).raw
  } catch {
    return new Uint8Array(0)
  }
}

function isGrpc(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/grpc(?:$|[+;])/.test(contentType)
}

function toMetadata(namespaces: Readonly<Record<string, WireStruct>> | undefined): Check['metadata'] {
  if (namespaces === undefined) return NO_METADATA
  return Object.fromEntries(Object.entries(namespaces).map(([name, struct]) => [name, fromStruct(struct)]))
}

function fromStruct(struct: WireStruct): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(struct.fields ?? {}).map(([key, value]) => [key, fromValue(value)]),
  )
}

function fromValue(value: WireValue): unknown {
  if (value.structValue !== undefined) return fromStruct(value.structValue)
  if (value.listValue !== undefined) return (value.listValue.values ?? []).map(fromValue)
  return value.stringValue ?? value.numberValue ?? value.boolValue ?? null
}
