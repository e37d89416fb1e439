import { X509Certificate } from 'node:crypto'
import type { FailureCode } from '../errors.ts'
import { claimed } from '../lib/claimed.ts'
import { FieldLines } from '../lib/field-lines.ts'
import { isNavigation } from '../lib/navigation.ts'
import type { Undecoded } from '../lib/undecoded.ts'
import type { Caller, Check, Peer } from '../model.ts'
import { splitPath } from './path.ts'
import type { WireCheckRequest, WireHeader, WireHttp, WirePeer, WireStruct, WireValue } from './wire.ts'

/** What the edge knows of a check besides its message. */
export interface Arrival {
  readonly id: string
  readonly atMs: number
  readonly caller: Caller
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const AUTHORITY =
  /^(?:\[(?=[^:]*:[^:]*:)[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_-])?)(?::([1-9]\d{0,4}))?$/
const MAX_PORT = 65_535
/** RFC 9110 section 5.6.2, and the pseudo headers. Lower-casing is safe then: only ASCII letters are left. */
const HEADER_NAME = /^:?[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
/** What Envoy never passes on and what ends or splits a value in other parsers (CVE-2019-9900). */
const HEADER_CONTROL = /[\0\r\n]/
const SCHEMES = new Set(['', 'http', 'https'])
const NO_METADATA = Object.freeze({})
const NO_EXTENSIONS: ReadonlyMap<string, string> = new Map()

/** CheckRequest -> Check. Never throws on content: what cannot be judged safely is marked `malformed`. */
export function toCheck(wire: WireCheckRequest, arrival: Arrival): Check {
  const attributes = wire.attributes ?? {}
  const http = attributes.request?.http
  const { path, query, hasQueryToken, isHostile } = splitPath(http?.path ?? '')
  const { headers, fault } = readHeaders(http)
  const authority = normaliseAuthority(http?.host ?? '')
  const method = http?.method ?? ''
  const scheme = (http?.scheme ?? '').toLowerCase()
  const source = toPeer(attributes.source)
  const malformed =
    judgeTarget(http, method, scheme, headers) ??
    (isAuthority(authority) ? undefined : 'check.request.host') ??
    (isHostile ? 'check.request.path' : undefined) ??
    (fault === undefined ? undefined : 'check.request.header')
  return {
    id: arrival.id,
    atMs: arrival.atMs,
    caller: arrival.caller,
    attempt: attemptOf(attributes.request, source, arrival.id),
    method,
    scheme,
    authority,
    path,
    query: isNavigation({ method, headers }) ? query : undefined,
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
    malformed,
    malformedDetail: malformed === 'check.request.header' ? fault : undefined,
  }
}

/** The check that stands for bytes which are no CheckRequest, or are too many to be looked at. */
export function undecodableCheck(
  arrival: Arrival,
  malformed: FailureCode = 'check.request.undecodable',
): Check {
  return { ...toCheck({}, arrival), malformed }
}

function judgeTarget(
  http: WireHttp | undefined,
  method: string,
  scheme: string,
  headers: Check['headers'],
): FailureCode | undefined {
  // The network filter sends checks without HTTP: nothing here can judge them.
  if (http === undefined || !SCHEMES.has(scheme)) return 'check.request.not-http'
  // Extended CONNECT (RFC 8441) carries `:protocol`.
  if (method === 'CONNECT' || headers.has(':protocol')) return 'check.request.connect'
  return METHODS.has(method) ? undefined : 'check.request.method'
}

function isAuthority(authority: string): boolean {
  const match = AUTHORITY.exec(authority)
  return match !== null && (match[1] === undefined || Number(match[1]) <= MAX_PORT)
}

/** Lower case, one trailing dot of the host dropped; the port stays. */
function normaliseAuthority(host: string): string {
  // Userinfo makes it malformed, and what stands there may be a password: it is not even recorded.
  const bare = host.slice(host.lastIndexOf('@') + 1)
  if (bare.length !== host.length) return `@${bare}`
  // Other letters stay as they are: the Kelvin sign would become an ASCII `k`.
  const lower = host.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
  return lower.includes('.:') || lower.endsWith('.') ? lower.replace(/\.(?=:\d+$|$)/, '') : lower
}

interface Headers {
  readonly headers: FieldLines
  /** Of the first name or value that no HTTP parser should have let through; a value is never told. */
  fault: string | undefined
}

/** Both forms that Envoy sends: `headers` (repeats joined by `,`) and `header_map` (raw bytes, each entry alone). */
function readHeaders(http: WireHttp | undefined): Headers {
  const read: Headers = { headers: new FieldLines(), fault: undefined }
  const raw = http?.header_map?.headers
  const list = raw === undefined || raw.length === 0 ? http?.headers : raw
  if (list !== undefined) for (const header of list) add(read, header.key ?? '', textOf(header))
  return read
}

function textOf({ value, raw_value: raw }: WireHeader): string | Undecoded {
  return raw !== undefined && raw.length > 0 ? Buffer.from(raw).toString('latin1') : (value ?? '')
}

function add(read: Headers, key: string, value: string | Undecoded): void {
  const name = names.get(key) ?? judgeName(key)
  if (name === BROKEN || hasControl(value)) {
    read.fault ??= name === BROKEN ? 'a name that is none' : `${claimed(name)} holds a line break or a NUL`
    return
  }
  if (name === PSEUDO) return
  read.headers.add(name, value)
}

const hasControl = (value: string | Undecoded): boolean =>
  typeof value === 'string' ? HEADER_CONTROL.test(value) : value.hasLineBreakOrNul

/** No header name is empty or a blank, so these cannot be names. */
const BROKEN = ''
const PSEUDO = ' '
const MOST_NAMES = 1024
/** What was made of names before: the same few come with every request. Full, it starts anew. */
const names = new Map<string, string>()

/** @returns the name in lower case, BROKEN, or PSEUDO */
function judgeName(key: string): string {
  const lower = HEADER_NAME.test(key) ? key.toLowerCase() : BROKEN
  // Pseudo headers have fields of their own; only `:protocol` tells something that no field does.
  const name = lower.startsWith(':') && lower !== ':protocol' ? PSEUDO : lower
  if (names.size >= MOST_NAMES) names.clear()
  names.set(key, name)
  return name
}

/** Envoy's own retry of one Check repeats these; a client cannot choose them. Without them nothing is a retry. */
function attemptOf(
  request: NonNullable<WireCheckRequest['attributes']>['request'],
  source: Peer,
  decisionId: string,
): string {
  const id = request?.http?.id
  const time = request?.time
  if (!id || !time?.seconds || source.ip === undefined || source.port === undefined) return decisionId
  // The numbers come first, so that no `|` inside the other parts can shift one into the next.
  return `${time.seconds}.${time.nanos ?? 0}|${source.port}|${source.ip.length}|${source.ip}|${id}`
}

/**
 * A NUL truncates names in other parsers (CVE-2026-47778), so a principal that holds one is nobody's name. But the connection has
 * named somebody: not nothing, or a header would be asked for the name instead.
 */
const UNREADABLE = '\ufffd'

function toPeer(peer: WirePeer | undefined): Peer {
  const socket = peer?.address?.socket_address
  const principal = peer?.principal ?? ''
  const base = {
    ip: socket?.address || undefined,
    port: socket?.port_value || undefined,
    principal: /[^\x20-\x7e]/.test(principal) ? UNREADABLE : principal,
  }
  return peer?.certificate ? withCertificate(base, peer.certificate) : base
}

/** The certificate is parsed by the first who reads it: most checks never do, and it costs as much as all else here. */
function withCertificate(base: Peer, encoded: string): Peer {
  let der: Uint8Array | undefined
  let isRead = false
  return Object.defineProperty({ ...base }, 'certificate', {
    enumerable: true,
    get: () => {
      if (!isRead) der = decodeCertificate(encoded)
      isRead = true
      return der
    },
  })
}

const MOST_CERTIFICATES = 256
/** Characters of a certificate that is kept: longer ones are no ordinary leaves. */
const MOST_KEPT = 8192
/** Certificates decoded before: the same peers come again and again. Full, it starts anew. */
const certificates = new Map<string, Uint8Array | undefined>()

/** @returns the same object for the same certificate, as long as it is remembered */
function decodeCertificate(encoded: string): Uint8Array | undefined {
  if (encoded.length > MOST_KEPT) return decodePem(encoded)
  const known = certificates.get(encoded)
  if (known !== undefined || certificates.has(encoded)) return known
  const der = decodePem(encoded)
  if (certificates.size >= MOST_CERTIFICATES) certificates.clear()
  certificates.set(encoded, der)
  return der
}

/** URL-encoded PEM -> DER; undefined when it is no certificate, because even empty bytes have a thumbprint. */
function decodePem(encoded: string): Uint8Array | undefined {
  try {
    return new X509Certificate(decodeURIComponent(encoded)).raw
  } catch {
    return undefined
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
