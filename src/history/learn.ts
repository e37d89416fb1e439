import {
  type Check,
  type Decision,
  type Facts,
  type Past,
  STEP_UP_SATISFIED,
  type Subject,
} from '../model.ts'
import type { Log, Meter } from '../ports.ts'
import { type Store, StoreUnavailable } from '../store/store.ts'
import type { HistoryKeys } from './keys.ts'
import { decodeProfile, encodeProfile, mergeProfile, PROFILE_TTL_MS, type ProfileDelta } from './profile.ts'
import { LearningQueue, type Pending } from './queue.ts'
import {
  type ChallengeDelta,
  decodeSession,
  encodeSession,
  mergeSession,
  SESSION_TTL_MS,
  type SessionDelta,
  withChallenge,
} from './session.ts'

/** Runs `fn` once after `ms`; returns what cancels it. */
export type Schedule = (ms: number, fn: () => void) => () => void

export interface LearnerParts {
  readonly store: Store
  readonly keys: HistoryKeys
  readonly meter: Meter
  readonly log: Log
  readonly schedule: Schedule
  /** Deltas that may wait at once; more are dropped and counted. */
  readonly maxPending?: number
}

export interface Learner {
  /** Takes note after the answer has gone; never throws, never waits. */
  learn(check: Check, subject: Subject, facts: Facts, past: Past, decision: Decision): void
  /** Resolves when everything learned so far has been written or dropped: at drain, and in tests. */
  flush(): Promise<void>
  readonly pending: number
}

/** A page is many requests within a second: they become one write per key. */
const INTERVAL_MS = 1000
const MAX_PER_KEY = 32
const MAX_PENDING = 50_000
/** Keys merged between two looks at the event loop: merging thousands at a stretch would delay checks. */
const KEYS_AT_ONCE = 16

/** Write-behind: what checks taught is merged per key every second or 32 events, challenges at once. */
export function createLearner(parts: LearnerParts): Learner {
  return new WriteBehind(parts)
}

class WriteBehind implements Learner {
  readonly #parts: LearnerParts
  readonly #queue: LearningQueue
  #cancel: (() => void) | undefined
  #draining: Promise<void> | undefined
  #isUrgent = false
  #isLosing = false

  constructor(parts: LearnerParts) {
    this.#parts = parts
    this.#queue = new LearningQueue(parts.maxPending ?? MAX_PENDING)
  }

  get pending(): number {
    return this.#queue.size
  }

  learn(check: Check, subject: Subject, _facts: Facts, past: Past, decision: Decision): void {
    if (subject.state !== 'identified') return
    const lesson = lessonOf(check, subject, past, decision)
    if (lesson === undefined) return
    const { profile, session } = this.#parts.keys.of(subject.credential)
    const most = Math.max(
      lesson.profile === undefined ? 0 : this.#add(profile, 'profile', lesson.profile),
      this.#add(session, 'session', lesson.session),
    )
    const isFull = this.#queue.isHalfFull
    if (isFull || most >= MAX_PER_KEY || lesson.session.kind === 'challenged') {
      this.#isUrgent = true
      void this.#drain()
    } else this.#arm()
  }

  async flush(): Promise<void> {
    while (this.#queue.size > 0 || this.#draining !== undefined) await this.#drain()
  }

  #add(key: string, kind: Pending['kind'], delta: ProfileDelta | SessionDelta): number {
    const waiting = this.#queue.add(key, kind, delta)
    if (waiting === 0) this.#drop('full', 1)
    return waiting
  }

  #arm(): void {
    if (this.#cancel !== undefined || this.#draining !== undefined) return
    this.#cancel = this.#parts.schedule(INTERVAL_MS, () => {
      this.#cancel = undefined
      void this.#drain()
    })
  }

  /** One at a time, so that this process never competes with itself for a key. */
  #drain(): Promise<void> {
    this.#cancel?.()
    this.#cancel = undefined
    this.#draining ??= this.#writeAll().finally(() => {
      this.#draining = undefined
      if (this.#queue.size > 0) this.#arm()
    })
    return this.#draining
  }

  async #writeAll(): Promise<void> {
    do {
      this.#isUrgent = false
      const all = this.#queue.take()
      for (let at = 0; at < all.length; at += KEYS_AT_ONCE) {
        if (at > 0) await new Promise<void>((resume) => this.#parts.schedule(0, resume))
        await Promise.all(all.slice(at, at + KEYS_AT_ONCE).map(([key, pending]) => this.#write(key, pending)))
      }
    } while (this.#isUrgent)
  }

  async #write(key: string, pending: Pending): Promise<void> {
    const ttlMs = pending.kind === 'profile' ? PROFILE_TTL_MS : SESSION_TTL_MS
    try {
      await this.#parts.store.update(key, ttlMs, (current) => merged(current, pending))
      this.#isLosing = false
    } catch (error) {
      const reason = error instanceof StoreUnavailable ? error.reason : 'unexpected'
      this.#parts.meter.add('vigil_store_errors_total', 1, { call: 'update', reason })
      this.#drop('store', pending.deltas.length)
    }
  }

  #drop(reason: 'full' | 'store', count: number): void {
    this.#parts.meter.add('vigil_learn_dropped_total', count, { reason })
    if (!this.#isLosing) this.#parts.log.warn('history.learning-dropped', { reason })
    this.#isLosing = true
  }
}

interface Lesson {
  readonly profile?: ProfileDelta
  readonly session: SessionDelta
}

type Identified = Extract<Subject, { state: 'identified' }>

/**
 * What a check teaches. Only what passed becomes habit: what was refused or throttled must not look normal next time.
 * The edge has learned what an inside entrypoint sees, and Envoy's own retry was learned with its first try.
 */
function lessonOf(check: Check, subject: Identified, past: Past, decision: Decision): Lesson | undefined {
  const { atMs } = check
  if (decision.effect === 'step-up') {
    const { issuedAt } = subject.credential
    return ofChallenge({ kind: 'challenged', atMs, issuedAt, marks: decision.marksChallenge }, past)
  }
  const hasPassed = decision.effect === 'allow' || decision.effect === 'monitor'
  if (!hasPassed || subject.isCounted || past.proof === 'retry') return undefined
  const isProved = subject.binding.state === 'verified' || decision.reasons.includes(STEP_UP_SATISFIED)
  const device = past.shown['device']
  return {
    profile: { kind: 'seen', atMs, shown: isProved ? past.shown : withoutNew(past) },
    session: { kind: 'seen', atMs, ...(device === undefined ? {} : { device }) },
  }
}

/** Undefined when the session knows all of it: a client that asks again and again with one token costs no write. */
function ofChallenge(delta: ChallengeDelta, past: Past): Lesson | undefined {
  if (delta.marks) return { profile: { kind: 'challenged', atMs: delta.atMs }, session: delta }
  const before = past.session?.challenges
  return before !== undefined && withChallenge(before, delta) === before ? undefined : { session: delta }
}

/**
 * The values that are habit already, and the first ones ever. A new value needs a proof (a key, or a login that was asked
 * for): else one harmless read with a stolen token would make the thief's device a known one for the next transfer.
 */
function withoutNew(past: Past): Past['shown'] {
  // Without the store nobody knows what is new.
  if (past.degraded.includes('store')) return {}
  const isTaught = ([feature, value]: [string, string]) => {
    const known = past.profile?.features[feature]?.values ?? []
    return known.length === 0 || known.some((seen) => seen.value === value)
  }
  return Object.fromEntries(Object.entries(past.shown).filter(isTaught))
}

/** Pure; what cannot be read any more is begun anew. */
function merged(current: string | null, pending: Pending): string {
  if (pending.kind === 'profile') {
    const before = current === null ? undefined : decodeProfile(current)
    return encodeProfile(mergeProfile(before, pending.deltas))
  }
  const before = current === null ? undefined : decodeSession(current)
  return encodeSession(mergeSession(before, pending.deltas))
}
