/** The words every stage shares (docs/architecture). No protobuf type, no Envoy type, no behaviour. */
import type { FailureCode } from './errors.ts'
import type { ClientFact, FingerprintFact, NetworkFact } from './model-facts.ts'
import type { Subject } from './model-subject.ts'

export type {
  CityFact,
  ClientFact,
  FingerprintFact,
  NetworkClass,
  NetworkFact,
  ProgramKind,
} from './model-facts.ts'

export type {
  Actor,
  Binding,
  BindingMethod,
  Carrier,
  ClientKind,
  Credential,
  Identified,
  Registration,
  Scheme,
  SingleUse,
  Subject,
  SubjectKind,
  TokenCredential,
  Workload,
} from './model-subject.ts'

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

/** What somebody who knows the device says of its state. */
export interface Posture {
  /**
   * `attested`: it is this caller's. `claimed`: good, but nothing ties it to this caller. `refused`: not good.
   * `unchecked`: the keys of its issuer were not to be had.
   */
  readonly state: 'attested' | 'claimed' | 'refused' | 'unchecked'
  /** Why it is refused or unchecked. */
  readonly failure: FailureCode | undefined
  /** For the record only: what the failure's sentence leaves open. */
  readonly detail: string | undefined
  readonly issuer: string | undefined
  /** Only the members that configuration lists. */
  readonly claims: Readonly<Record<string, unknown>>
}
/** Actions that no catalogue names: they need no identity by their nature, so no rule speaks of them. */
export const OWN_ACTIONS = { preflight: 'preflight', 'resource-metadata': 'resource-metadata' } as const

/** Observations of this check. A missing member is missing: not false and not innocent. */
export interface Facts {
  readonly entrypoint: string
  readonly action: Action
  /** The client's address by the entrypoint's rule. */
  readonly address: { readonly ip?: string | undefined; readonly isUntrusted: boolean }
  readonly network: NetworkFact
  /** Claimed unless proved. */
  readonly device: {
    readonly id?: string | undefined
    readonly isAttested: boolean
    readonly posture?: Posture | undefined
  }
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

/** What a request that passes takes along, and its response. */
interface Passing extends AnswerBase {
  readonly setHeaders: readonly HeaderPair[]
  readonly removeHeaders: readonly string[]
  readonly responseHeaders: readonly HeaderPair[]
}

export interface RefusingAnswer extends AnswerBase {
  readonly effect: 'step-up' | 'throttle' | 'deny' | 'unavailable'
  readonly status: number
  readonly headers: readonly HeaderPair[]
  readonly body: string
}

/** Observe mode: a refusal that passes all the same, knowingly, with the refusal that it would have been. */
export interface ObservedAnswer extends Passing {
  readonly effect: 'observe'
  readonly would: RefusingAnswer
}

/** What Vigil itself has to tell, in place of the application; it is no refusal and lets nothing pass. */
export interface Reply extends AnswerBase {
  readonly effect: 'reply'
  readonly status: number
  readonly headers: readonly HeaderPair[]
  readonly body: string
}

/** What is sent to Envoy. Only the first two members let a request pass. */
export type Answer =
  | (Passing & { readonly effect: 'allow' | 'monitor' })
  | ObservedAnswer
  | RefusingAnswer
  | Reply

/** Whether decisions are carried out, or only recorded. */
export type Mode = 'enforce' | 'observe'

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
  /** Of a check without stages that passes, because it was only observed: where it came in. */
  readonly entrypoint?: Entrypoint
  readonly decision: Decision
  /** `observe`: whatever was decided, the request passed. Absent: the decision was carried out. */
  readonly mode?: 'observe' | undefined
  readonly answer: Answer
}
