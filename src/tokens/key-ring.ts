import type { Algorithm } from '../lib/algorithms.ts'
import { EARLY } from '../lib/early.ts'
import { errorName } from '../lib/error-name.ts'
import type { Clock, Log, Meter } from '../ports.ts'
import type { KeyUse, VerificationKey } from './jwk.ts'
import { KeyLoadError } from './key-fetch.ts'
import { buildKeySet } from './key-set.ts'

/** Reads an issuer's keys anew; undefined when they have not changed. @throws KeyLoadError */
export type KeyLoader = () => Promise<readonly unknown[] | undefined>

/** Milliseconds. */
export interface KeyTimes {
  /** Keys older than this are not used before a refresh has been tried. */
  readonly refreshMs: number
  /** Least time between two loads caused by unknown keys. */
  readonly cooldownMs: number
  /** Keys older than this are not used at all. */
  readonly maxStaleMs: number
}

export interface KeyRingDeps {
  readonly clock: Clock
  readonly meter: Meter
  readonly log: Log
}

export interface KeyRingSettings {
  readonly issuer: string
  readonly algorithms: ReadonlySet<Algorithm>
  readonly times: KeyTimes
  readonly use?: KeyUse
  readonly load: KeyLoader
}

/** What readiness and operators may know of an issuer's keys. */
export interface IssuerKeyState {
  readonly issuer: string
  readonly use: KeyUse
  readonly state: 'loaded' | 'stale' | 'unavailable'
  readonly keys: number
  /** Since the keys were last confirmed; absent when they never were, or stand in the configuration itself. */
  readonly ageSeconds?: number
  readonly lastFailure?: string
}

/** After a failed load the next one follows after this time, or the cooldown if that is shorter. */
const MAX_RETRY_MS = 5000
/** So long after a failure nobody waits for the next try: an issuer that swallows requests must not slow every check. */
const RECENT_FAILURE_MS = 30_000
const NEVER = Number.NEGATIVE_INFINITY

/**
 * The keys of one issuer (JWT-16). It has no timer: each use looks at the age. Past `refreshMs` a use waits for one
 * load shared by all, so a key that its issuer has removed verifies nothing from then on. When loads fail, the keys at
 * hand serve on until `maxStaleMs` and the next loads run beside the checks. Ages are monotonic: a stepping wall clock moves none of them.
 */
export class KeyRing {
  readonly issuer: string
  readonly #settings: KeyRingSettings
  readonly #deps: KeyRingDeps
  readonly #retryMs: number
  #keys: ReadonlySet<VerificationKey> = new Set()
  #loadedAt = NEVER
  #failedAt = NEVER
  #missedAt = NEVER
  #lastFailure: string | undefined
  #flight: Promise<void> | undefined

  constructor(settings: KeyRingSettings, deps: KeyRingDeps) {
    this.issuer = settings.issuer
    this.#settings = settings
    this.#deps = deps
    this.#retryMs = Math.min(settings.times.cooldownMs, MAX_RETRY_MS)
  }

  get keys(): ReadonlySet<VerificationKey> {
    return this.#keys
  }

  /** True when the keys at hand may be used without waiting; starts a refresh beside when they are getting old. */
  isUsableNow(): boolean {
    const { refreshMs } = this.#settings.times
    const now = this.#deps.clock.monotonicMs()
    const age = now - this.#loadedAt
    const isDue = age > refreshMs * EARLY && now - this.#failedAt >= this.#retryMs
    if (isDue) this.#refresh()
    if (age <= refreshMs) return true
    return now - this.#failedAt <= RECENT_FAILURE_MS && this.#isWithinStale(age)
  }

  /** The same, waiting for the refresh that decides it. False: `identity.keys.unavailable`. */
  async becomeUsable(): Promise<boolean> {
    if (this.isUsableNow()) return true
    await this.#flight
    return this.#isWithinStale(this.#deps.clock.monotonicMs() - this.#loadedAt)
  }

  /**
   * Asks the issuer once more because a token names a key that is not here (JWT-16).
   * @returns false when it was asked too recently, so that unknown keys cannot be used to flood it
   */
  async lookAgain(): Promise<boolean> {
    if (this.#settings.times.refreshMs === Number.POSITIVE_INFINITY) return false
    if (this.#flight === undefined) {
      const now = this.#deps.clock.monotonicMs()
      if (now - this.#missedAt < this.#settings.times.cooldownMs) return false
      this.#missedAt = now
      this.#refresh()
    }
    await this.#flight
    return true
  }

  /** Takes over keys: the first ones of a file or of the configuration, or freshly loaded ones. */
  accept(jwks: readonly unknown[]): void {
    const set = buildKeySet(jwks, this.#settings.algorithms, this.#keys, this.#settings.use)
    for (const { index, kind, problem } of set.unused) {
      const fields = { issuer: this.issuer, index, problem }
      if (kind === 'refused') this.#deps.log.warn('keys.key.refused', fields)
      else this.#deps.log.debug('keys.key.ignored', fields)
    }
    this.#keys = set.keys
    this.#confirm()
  }

  /** Asking for the state also starts a due refresh: a process that waits for readiness has no checks to do so. */
  state(): IssuerKeyState {
    this.isUsableNow()
    const age = this.#deps.clock.monotonicMs() - this.#loadedAt
    const { refreshMs } = this.#settings.times
    const isFresh = age <= refreshMs
    const hasAge = age !== Number.POSITIVE_INFINITY && refreshMs !== Number.POSITIVE_INFINITY
    const state = isFresh ? 'loaded' : this.#isWithinStale(age) ? 'stale' : 'unavailable'
    return {
      issuer: this.issuer,
      use: this.#settings.use ?? 'sig',
      state,
      keys: this.#keys.size,
      ...(hasAge ? { ageSeconds: Math.floor(age / 1000) } : {}),
      ...(this.#lastFailure === undefined ? {} : { lastFailure: this.#lastFailure }),
    }
  }

  #isWithinStale(age: number): boolean {
    const { refreshMs, maxStaleMs } = this.#settings.times
    return age <= Math.max(refreshMs, maxStaleMs)
  }

  #confirm(): void {
    this.#loadedAt = this.#deps.clock.monotonicMs()
    this.#failedAt = NEVER
    this.#lastFailure = undefined
  }

  /** Starts the one load that everybody waits for. The promise never rejects. */
  #refresh(): void {
    this.#flight ??= this.#loadOnce().finally(() => {
      this.#flight = undefined
    })
  }

  async #loadOnce(): Promise<void> {
    const { load } = this.#settings
    const startedAt = this.#deps.clock.monotonicMs()
    try {
      const jwks = await load()
      if (jwks === undefined) this.#confirm()
      else this.accept(jwks)
      // The issuer's answer is as old as the question, or a slow answer would lengthen a removed key's life.
      this.#loadedAt = startedAt
      this.#deps.meter.add('vigil_jwks_fetch_total', 1, {
        result: jwks === undefined ? 'unchanged' : 'loaded',
      })
    } catch (error) {
      this.#failedAt = this.#deps.clock.monotonicMs()
      this.#lastFailure =
        error instanceof KeyLoadError ? error.message : `unexpected fault (${errorName(error)})`
      this.#deps.meter.add('vigil_jwks_fetch_total', 1, { result: 'failed' })
      this.#deps.log.warn('keys.load.failed', { issuer: this.issuer, reason: this.#lastFailure })
    }
  }
}
