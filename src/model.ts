/** The words every stage shares (docs/architecture). No protobuf type, no Envoy type, no behaviour. */
import type { FailureCode } from './errors.ts'
import type { Check, Entrypoint } from './model-check.ts'
import type { ClientFact, FingerprintFact, NetworkFact } from './model-facts.ts'
import type { LimitReading, Past } from './model-past.ts'
import type { Subject } from './model-subject.ts'

export type { AnswerForm, Caller, Check, Entrypoint, HeaderFields, Peer } from './model-check.ts'
export type {
  CityFact,
  ClientFact,
  FingerprintFact,
  NetworkClass,
  NetworkFact,
  ProgramKind,
} from './model-facts.ts'
export { NETWORK_CLASSES } from './model-facts.ts'
export type { Challenges, LimitReading, Past, Profile, SeenValue, Session, UseState } from './model-past.ts'
export { CHALLENGE_WINDOW_MS } from './model-past.ts'
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
export const OWN_ACTIONS = {
  preflight: 'preflight',
  'resource-metadata': 'resource-metadata',
  'vigil-probe': 'vigil-probe',
} as const

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
