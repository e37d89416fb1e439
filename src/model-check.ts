/** What came and through which Envoy: words of the model, which everybody takes from `model.ts`. */
import type { FailureCode } from './errors.ts'

/** Who sent this Check: the calling Envoy, by its client certificate. `local` came over a Unix socket. */
export interface Caller {
  readonly state: 'verified' | 'unverified' | 'local'
  readonly sans: readonly string[]
}

/**
 * In which form a caller is told a refusal. `problem` is problem+json (RFC 9457), the others are those of callers who
 * would not understand it; a `navigation` is a page that a browser is about to show.
 */
export type AnswerForm =
  | 'problem'
  | 'html'
  | 'navigation'
  | 'text'
  | 'json-rpc'
  | 'grpc'
  | 'grpc-web'
  | 'grpc-web-text'
  | 'connect'
  | 'connect+json'
  | 'connect+proto'

export interface Peer {
  readonly ip?: string | undefined
  readonly port?: number | undefined
  /** First URI SAN, else DNS SAN, else subject of the TLS peer; empty without mTLS, U+FFFD where it is no name. */
  readonly principal: string
  /** DER of the peer's leaf certificate; absent also when what Envoy sent is no certificate. */
  readonly certificate?: Uint8Array | undefined
}

/** Header fields by name in lower case; a repeated field has all its values in their order. A `Map` is one. */
export interface HeaderFields extends Iterable<[name: string, values: readonly string[]]> {
  get(name: string): readonly string[] | undefined
  has(name: string): boolean
}

/** One ext_authz call, already free of Envoy's wire format. Header names are lower case. */
export interface Check {
  /** The decision id (UUID), made when the check arrived. */
  readonly id: string
  readonly atMs: number
  readonly caller: Caller
  /** Made of `http.id`, `request.time`, source address and port: equal only for Envoy's own retry of one Check. */
  readonly attempt: string
  readonly method: string
  readonly scheme: string
  /** `:authority`, lower case, without default port handling: `host` or `host:port`, no trailing dot. */
  readonly authority: string
  /** Raw path without query; never decoded. */
  readonly path: string
  /**
   * Only of a page that a browser is about to show, to come back to it from a login: it may hold a secret, and nobody records
   * it or decides by it.
   */
  readonly query?: string | undefined
  /** True when the query carries an `access_token` parameter (RFC 6750 section 2.3); its value is never kept. */
  readonly hasQueryToken: boolean
  readonly protocol: string
  readonly headers: HeaderFields
  readonly source: Peer
  readonly destination: Peer
  readonly sni: string
  readonly extensions: ReadonlyMap<string, string>
  readonly metadata: Readonly<Record<string, unknown>>
  readonly isGrpc: boolean
  /** Only where a check is made again from its record, which holds none of the headers that tell it (lib/form.ts). */
  readonly form?: AnswerForm | undefined
  /** Set when the request itself must be refused whatever it carries (no HTTP, CONNECT, hostile path, …). */
  readonly malformed?: FailureCode | undefined
  /** For the `why` of its record only: what the failure's sentence leaves open, such as which header. Never a value. */
  readonly malformedDetail?: string | undefined
}

/** The Envoy through which a check came, and what it may be trusted with. */
export interface Entrypoint {
  readonly name: string
  readonly role: 'edge' | 'inside'
  /** Trusted proxies in front of that Envoy. */
  readonly trustedProxies: number
  /** That Envoy appends the TCP peer to x-forwarded-for (`use_remote_address: true`). */
  readonly envoyAppends: boolean
  /** Origins under which clients reach it, normalised `https://host[:port]`. */
  readonly externalOrigins: readonly string[]
  /** Its Envoy validates client certificates against a CA, so `source.principal` is evidence. */
  readonly peerVerified: boolean
  /** The last element of x-forwarded-client-cert may be believed. */
  readonly trustsXfcc: boolean
  /** `Client-Cert` (RFC 9440) is believed from these proxy addresses (CIDR). */
  readonly clientCertFrom: readonly string[]
  /** Principals of the edges that forward to this inside entrypoint. */
  readonly edges: readonly string[]
  /** An edge answer sets x-vigil-hop for the inside entrypoints behind it. */
  readonly issuesHop: boolean
  /** What passes keeps its token. */
  readonly forwardsCredential: boolean
  /** Header in which that Envoy tells the fingerprint of the client's TLS handshake. */
  readonly fingerprintHeader?: string
  readonly tenant?: string
}
