/** What is known of a subject: words of the model, which everybody takes from `model.ts`. */

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

/**
 * `unavailable`: the store did not answer. `outdated`: it did, but its data began later than the use may have been
 * recorded.
 */
export type UseState = 'none' | 'first' | 'retry' | 'repeated' | 'unavailable' | 'outdated'

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
