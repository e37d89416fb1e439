import type { RetentionSettings } from '../config/schema/static.ts'
import { isUsuallyShown } from '../lib/usual.ts'
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
import { decodeProfile, encodeProfile, mergeProfile } from './profile.ts'
import { LearningQueue, type Pending } from './queue.ts'
import { type ChallengeDelta, decodeSession, encodeSession, mergeSession, withChallenge } from './session.ts'

/** Runs `fn` once after `ms`; returns what cancels it. */
export type Schedule = (ms: number, fn: () => void) => () => void

export interface LearnerParts {
  readonly store: Store
  readonly keys: HistoryKeys
  readonly meter: Meter
  readonly log: Log
  readonly schedule: Schedule
  /** An identity or a session that teaches nothing for so long starts anew. */
  readonly retention: RetentionSettings
  /** Deltas that may wait at once (many like checks are one); more are dropped and counted. */
  readonly maxPending?: number
}

export interface Learner {
  /** Takes note after the answer has gone; never throws, never waits. */
  learn(check: Check, subject: Subject, facts: Facts, past: Past, decision: Decision): void
  /** Resolves when everything learned so far has been written or dropped: at drain, and in tests. */
  flush(): Promise<void>
  readonly pending: number
}

const DAY_MS = 86_400_000
/** A page is many requests within a second: they become one write per key. */
const INTERVAL_MS = 1000
const MAX_PER_KEY = 32
const MAX_PENDING = 50_000
/** Keys merged between two looks at the event loop: merging thousands at a stretch would delay checks. */
const KEYS_AT_ONCE = 16
/**
 * Looks in one go over all that waits; with more keys there are more between two of them. A look takes as long as the checks
 * that wait for it, so a busy service would else learn of fewer identities than ask, and hold what waits until it drops it.
 */
const MOST_LOOKS = 64

/** Write-behind: what checks taught is merged per key every second or 32 changes, challenges at once. */
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

  learn(check: Check, subject: Subject, facts: Facts, past: Past, decision: Decision): void {
    if (subject.state !== 'identified') return
    if (decision.effect === 'step-up') return this.#challenged(check, subject, past, decision.marksChallenge)
    if (!isLesson(subject, past, decision)) return
    const { profile, session } = this.#parts.keys.of(subject.credential)
    const isProved = subject.binding.state === 'verified' || decision.reasons.includes(STEP_UP_SATISFIED)
    const shown = isProved ? past.shown : withoutNew(past)
    const waiting = this.#queue.sawIdentity(profile, check.atMs, facts.time.hourOfWeek, shown)
    const ofSession = this.#queue.sawSession(session, check.atMs, past.shown['device'])
    this.#noteLost([waiting, ofSession])
    if (Math.max(waiting, ofSession) >= MAX_PER_KEY || this.#queue.isHalfFull) this.#hurry()
    else this.#arm()
  }

  #challenged({ atMs }: Check, { credential }: Identified, past: Past, marks: boolean): void {
    const { profile, session } = this.#parts.keys.of(credential)
    // Only people are challenged, and they show tokens.
    const delta: ChallengeDelta = { kind: 'challenged', atMs, issuedAt: credential.issuedAt ?? 0, marks }
    // A client that asks again and again with one token teaches nothing new, and costs no write.
    if (!marks && isKnown(delta, past)) return
    const waiting = marks ? [this.#queue.add(profile, 'profile', { kind: 'challenged', atMs })] : []
    waiting.push(this.#queue.add(session, 'session', delta))
    this.#noteLost(waiting)
    this.#hurry()
  }

  /** @param waiting what the queue said for each delta: 0 where there was no room */
  #noteLost(waiting: readonly number[]): void {
    for (const count of waiting) if (count === 0) this.#drop('full', 1)
  }

  #hurry(): void {
    this.#isUrgent = true
    void this.#drain()
  }

  async flush(): Promise<void> {
    while (this.#queue.size > 0 || this.#draining !== undefined) await this.#drain()
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
      const atOnce = Math.max(KEYS_AT_ONCE, Math.ceil(all.length / MOST_LOOKS))
      for (let at = 0; at < all.length; at += atOnce) {
        if (at > 0) await new Promise<void>((resume) => this.#parts.schedule(0, resume))
        await Promise.all(all.slice(at, at + atOnce).map(([key, pending]) => this.#write(key, pending)))
      }
    } while (this.#isUrgent)
  }

  async #write(key: string, pending: Pending): Promise<void> {
    const { profileDays, sessionDays } = this.#parts.retention
    const ttlMs = (pending.kind === 'profile' ? profileDays : sessionDays) * DAY_MS
    try {
      await this.#parts.store.update(key, ttlMs, (current) => merged(current, pending))
      this.#isLosing = false
    } catch (error) {
      const reason = error instanceof StoreUnavailable ? error.reason : 'unexpected'
      this.#parts.meter.add('vigil_store_errors_total', 1, { call: 'update', reason })
      this.#drop('store', checksIn(pending))
    }
  }

  #drop(reason: 'full' | 'store', count: number): void {
    this.#parts.meter.add('vigil_learn_dropped_total', count, { reason })
    if (!this.#isLosing) this.#parts.log.warn('history.learning-dropped', { reason })
    this.#isLosing = true
  }
}

type Identified = Extract<Subject, { state: 'identified' }>

/**
 * Only what passed becomes habit: what was refused or throttled must not look normal next time. The edge has learned what
 * an inside entrypoint sees, and Envoy's own retry was learned with its first try.
 */
function isLesson(subject: Identified, past: Past, { effect }: Decision): boolean {
  const hasPassed = effect === 'allow' || effect === 'monitor'
  return hasPassed && !subject.isCounted && past.proof !== 'retry'
}

function isKnown(delta: ChallengeDelta, past: Past): boolean {
  const before = past.session?.challenges
  return before !== undefined && withChallenge(before, delta) === before
}

/**
 * The values that are habit already, and the first ones ever. A new value needs a proof (a key, or a login that was asked
 * for): else one harmless read with a stolen token would make the thief's device a known one for the next transfer. For
 * the same reason what is usually shown and now withheld counts as shown: silence becomes habit by proof alone, too.
 */
function withoutNew(past: Past): Past['shown'] {
  // Without the store nobody knows what is new.
  if (past.degraded.includes('store')) return {}
  const { shown, profile } = past
  let changed: Record<string, string> | undefined
  for (const feature in shown) {
    if (isHabit(past, feature)) continue
    changed ??= { ...shown }
    changed[feature] = UNLEARNED
  }
  for (const feature in profile?.features) {
    const known = profile.features[feature]
    if (shown[feature] !== undefined || known === undefined) continue
    if (!isUsuallyShown(known.shown, profile.seen)) continue
    changed ??= { ...shown }
    changed[feature] = UNLEARNED
  }
  // Nearly always: nothing is new, nothing is withheld, and nothing has to be copied.
  return changed ?? shown
}

/** Something was shown; what it was is not learned. */
const UNLEARNED = ''

function isHabit({ profile, shown }: Past, feature: string): boolean {
  const known = profile?.features[feature]?.values
  return known === undefined || known.length === 0 || known.some(({ value }) => value === shown[feature])
}

const checksIn = ({ deltas }: Pending): number => {
  let checks = 0
  for (const delta of deltas) checks += delta.kind === 'seen' ? delta.count : 1
  return checks
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
