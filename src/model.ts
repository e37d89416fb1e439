/** The words every stage shares (docs/architecture). No protobuf type, no Envoy type, no behaviour. */
import type { FailureCode } from './errors.ts'
import type { ClientFact, FingerprintFact, NetworkFact } from './model-facts.ts'

export type {
  CityFact,
  ClientFact,
  ClientKind,
  FingerprintFact,
  NetworkClass,
  NetworkFact,
} from './model-facts.ts'

export type Sensitivity = 'low' | 'medium' | 'high' | 'critical'
export type Level = 'low' | 'elevated' | 'high' | 'critical'

/** A stable slug `stage.subject.detail`, e.g. `risk.request-rate.burst`, `identity.dpop.replayed`. */
export type Reason = string

/** Of a decision that passed because the login that was asked for has been made. */
export const STEP_UP_SATISFIED: Reason = 'policy.step-up.satisfied'

/** Who sent this Check: the calling Envoy, by its client certificate. `local` came over a Unix socket. */
export interface Caller {
  readonly state: 'verified' | 'unverified' | 'local'
  readonly sans: readonly string[]
}

export interface Peer {
  readonly ip?: string | undefined
  readonly port?: number | undefined
  /** First URI SAN, else DNS SAN, else subject of the TLS peer; empty without mTLS. */
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
  readonly hasQuery: boolean
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
  /** Header in which that Envoy tells the fingerprint of the client's TLS handshake. */
  readonly fingerprintHeader?: string
  readonly tenant?: string
}

export type SubjectKind = 'user' | 'machine' | 'agent' | 'workload'
export type BindingMethod = 'dpop' | 'mtls' | 'device'
export type Scheme = 'Bearer' | 'DPoP'

/** Is this token held by whom it was issued to. `broken` never appears on an identified subject: it is refused. */
export interface Binding {
  readonly state: 'verified' | 'absent'
  readonly methods: readonly BindingMethod[]
  /** The issuer asks for a binding on every token. */
  readonly isRequired: boolean
  /** The proof was accepted by an edge and carried here by a valid hop. */
  readonly isCarried: boolean
  /** The issuer leaves binding to its clients (`optional`): a missing one is never a finding. */
  readonly isOptional?: true | undefined
}

/** Something that may be used once: a DPoP proof's jti or a hop. Decided by `history.recall` in its one wait. */
export interface SingleUse {
  readonly kind: 'proof' | 'hop'
  /** Unkeyed material that names the use; history turns it into a store key. */
  readonly name: string
  readonly ttlMs: number
  /** Age of the server nonce inside the proof; absent when the proof carried none. */
  readonly nonceAgeMs?: number
  /** When the proof says that it was made (epoch ms). */
  readonly issuedAtMs: number
  /** A second use may pass as a router retry: the verified peer is a named edge of this inside entrypoint. */
  readonly mayRepeat: boolean
}

/** A verified token, the same object for every check that shows it: caches may hang on it. */
export interface Credential {
  readonly issuer: string
  readonly subject: string
  readonly kind: SubjectKind
  readonly tenant: string
  readonly client?: string
  readonly actor?: { readonly issuer?: string; readonly subject: string }
  readonly session: { readonly id: string; readonly isDerived: boolean }
  readonly scopes: readonly string[]
  readonly acr?: string
  readonly amr: readonly string[]
  /** Seconds since the epoch, as the claims say. */
  readonly authTime?: number
  readonly issuedAt: number
  readonly expiresAt: number
  /** The device that the token names, where the issuer is configured to put one there. */
  readonly device?: string
  /** Only the claims that configuration lists for policy. */
  readonly claims: Readonly<Record<string, unknown>>
  /** Issuer and `jti`, else SHA-256 of the signing input (signatures are malleable). Never shown outside. */
  readonly tokenId: string
  /** base64url SHA-256 of the compact token: `ath` and hop bind to it. */
  readonly tokenHash: string
  readonly confirmation: { readonly jkt?: string; readonly x5t?: string }
}

export type Subject =
  | {
      readonly state: 'identified'
      readonly credential: Credential
      readonly scheme: Scheme
      readonly binding: Binding
      readonly uses: readonly SingleUse[]
      /** A valid hop came with it: the edge has counted and learned this request already. */
      readonly isCounted: boolean
      /** A fresh nonce the answer should carry (RFC 9449 section 8.2). */
      readonly nextNonce?: string | undefined
    }
  | { readonly state: 'anonymous' }
  | {
      readonly state: 'refused'
      readonly failure: FailureCode
      /** The scheme that was used, so that the challenge names it (RFC 9449 section 7.2). */
      readonly scheme?: Scheme
      readonly nextNonce?: string
      /**
       * For the record only, never for an answer: what the failure's sentence leaves open. What the sender claims is
       * shortened and escaped (lib/claimed.ts); nothing of a signature, and no whole token, proof or nonce.
       */
      readonly detail?: string
    }

export interface Requirement {
  /** Any one of these satisfies, in order of preference. */
  readonly acr?: readonly string[]
  readonly maxAgeSeconds?: number
}

/** The named operation a request stands for. */
export interface Action {
  readonly name: string
  readonly isKnown: boolean
  readonly sensitivity: Sensitivity
  readonly scopes: readonly string[]
  readonly authentication?: Requirement
  readonly params: Readonly<Record<string, string>>
  readonly allowsAnonymous: boolean
}

/** Observations of this check. A missing member is missing: not false and not innocent. */
export interface Facts {
  readonly entrypoint: string
  readonly action: Action
  /** The client's address by the entrypoint's rule. */
  readonly address: { readonly ip?: string | undefined; readonly isUntrusted: boolean }
  readonly network: NetworkFact
  /** Claimed unless proved. */
  readonly device: { readonly id?: string; readonly isAttested: boolean }
  readonly client: ClientFact
  readonly fingerprint: FingerprintFact
  /** In the configured zone: 0 is Monday from 00:00 to 01:00, 167 the last hour of Sunday. */
  readonly time: { readonly hourOfWeek: number }
  /** The request can be read in two ways under this configuration: the gate refuses it, whoever asks. */
  readonly refusal?: FailureCode | undefined
  /** For the `why` of its record only: what the failure's sentence leaves open, such as which header. Never a value. */
  readonly refusalDetail?: string | undefined
}

/** One configured hard limit and how much of it is used, this request included. */
export interface LimitReading {
  readonly limit: string
  readonly max: number
  readonly windowSeconds: number
  readonly used: number
  /** Whole seconds until a request would fit again; 0 while it fits. */
  readonly retryAfterSeconds: number
}

/** What one feature of an identity showed before: a value's hash, how often and when. */
export interface SeenValue {
  readonly value: string
  readonly count: number
  readonly firstSeenMs: number
  readonly lastSeenMs: number
}

export interface Profile {
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  /** Requests that taught this profile. */
  readonly seen: number
  /** Per feature the last 8 values, newest first, and in how many requests the feature was shown at all. */
  readonly features: Readonly<
    Record<string, { readonly shown: number; readonly values: readonly SeenValue[] }>
  >
  /** Gamma posterior of this identity's requests per minute: shape, and exposure in minutes. */
  readonly rate: { readonly shape: number; readonly minutes: number }
  /** In which hours it was active (lib/hours.ts), and the last hour that was counted (hours since the epoch). */
  readonly hours?: { readonly counts: string; readonly lastHour: number }
  readonly challengedAtMs?: number
}

/** Over this time the challenges of one session are counted (SU-08). */
export const CHALLENGE_WINDOW_MS = 600_000

/** Challenges of one session, each to a token that was issued after the one before: how often a login did not help. */
export interface Challenges {
  readonly count: number
  /** When the first of them was made. */
  readonly sinceMs: number
  readonly lastMs: number
}

export interface Session {
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  readonly seen: number
  readonly challengedAtMs?: number
  readonly challenges?: Challenges
  /** Hash of the device shown last. */
  readonly device?: string
}

export type UseState = 'none' | 'first' | 'retry' | 'repeated' | 'unavailable'

/** What is known of this subject, read in one wait. */
export interface Past {
  readonly profile?: Profile | undefined
  readonly session?: Session | undefined
  /** Hashes under which this check's values would stand in the profile, by feature. */
  readonly shown: Readonly<Record<string, string>>
  readonly limits: readonly LimitReading[]
  /** This identity's requests in the sliding minute, this one included; absent when not counted. */
  readonly requestsPerMinute?: number | undefined
  readonly proof: UseState
  readonly hop: UseState
  /** Inputs that were wanted and not had, e.g. `store`. */
  readonly degraded: readonly string[]
}

/** What a signal returns: evidence in nats (positive: worrying), never more than its cap. */
export interface Finding {
  readonly signal: string
  readonly reason: Reason
  readonly nats: number
  readonly detail: Readonly<Record<string, string | number | boolean>>
}

export interface Assessment {
  readonly score: number
  readonly level: Level
  readonly findings: readonly Finding[]
  /** Signals that threw and so are absent. */
  readonly failed: readonly string[]
  /** Signals that look at the past, while the store that holds it is away: they had nothing to look at. */
  readonly blind?: readonly string[]
}

/** A shadow rule that matched: recorded, not enforced. */
export interface ShadowOutcome {
  readonly rule: string
  readonly effect: string
  readonly outcome: 'match' | 'unknown' | 'error'
  /** Enforced, it would have decided this check: no rule before it did, and its outcome makes it act. */
  readonly wouldDecide: boolean
}

interface DecisionBase {
  /** Never empty: nothing is decided without a reason. */
  readonly reasons: readonly [Reason, ...Reason[]]
  readonly rule?: string | undefined
  /**
   * For the record only, never for an answer: which rule kept the check from passing, and what of its condition could
   * not be told. Names of the settings; no value of the request.
   */
  readonly detail?: string | undefined
  readonly shadow: readonly ShadowOutcome[]
  readonly degraded: readonly string[]
}

export type Decision =
  | (DecisionBase & { readonly effect: 'allow' | 'monitor' })
  | (DecisionBase & {
      readonly effect: 'step-up'
      /** Only what is unmet. */
      readonly unmet: Requirement
      /** The session and the identity with its client are marked as challenged now. */
      readonly marksChallenge: boolean
    })
  | (DecisionBase & {
      readonly effect: 'throttle'
      readonly retryAfterSeconds: number
      /** Absent: abnormal behaviour rather than a quota. */
      readonly limit?: LimitReading
    })
  | (DecisionBase & {
      readonly effect: 'deny'
      readonly failure: FailureCode
      readonly scopes?: readonly string[]
    })
  /** Vigil's own fault: 503, fail closed. Not a verdict on the caller. */
  | (DecisionBase & {
      readonly effect: 'unavailable'
      readonly failure: FailureCode
      readonly retryAfterSeconds: number
    })

export type Effect = Decision['effect']
export type HeaderPair = readonly [name: string, value: string]

interface AnswerBase {
  readonly metadata: Readonly<Record<string, string | number | readonly string[]>>
}

/** What is sent to Envoy. Only the first member lets a request pass. */
export type Answer =
  | (AnswerBase & {
      readonly effect: 'allow' | 'monitor'
      readonly setHeaders: readonly HeaderPair[]
      readonly removeHeaders: readonly string[]
      readonly responseHeaders: readonly HeaderPair[]
    })
  | (AnswerBase & {
      readonly effect: 'step-up' | 'throttle' | 'deny' | 'unavailable'
      readonly status: number
      readonly headers: readonly HeaderPair[]
      readonly body: string
    })

/** Everything one check went through. What stands before the pipeline (capacity, callers, deadline) has no stages. */
export interface Outcome {
  readonly check: Check
  readonly stages?: {
    readonly entrypoint: Entrypoint
    readonly subject: Subject
    readonly facts: Facts
    readonly past: Past
    readonly assessment: Assessment
  }
  readonly decision: Decision
  readonly answer: Answer
}
