import { minuteOf } from './habit.ts'
import type { ProfileDelta } from './profile.ts'
import type { SessionDelta } from './session.ts'
import type { Sightings } from './sightings.ts'

/** What waits to be merged into one key. */
export type Pending =
  | { readonly kind: 'profile'; readonly deltas: ProfileDelta[] }
  | { readonly kind: 'session'; readonly deltas: SessionDelta[] }

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/**
 * Deltas by key, bounded in number. A check like the last one of its key only raises a count: what thousands of checks
 * leave behind until the next write would else be copied from one collection to the next.
 */
export class LearningQueue {
  readonly #max: number
  #byKey = new Map<string, Pending>()
  #size = 0

  constructor(max: number) {
    this.#max = max
  }

  get size(): number {
    return this.#size
  }

  /** Time to write, before something is lost. */
  get isHalfFull(): boolean {
    return this.#size * 2 >= this.#max
  }

  /** @returns how many deltas now wait for this key; 0 when there was no room and the delta is lost */
  add(key: string, kind: Pending['kind'], delta: ProfileDelta | SessionDelta): number {
    if (this.#size >= this.#max) return 0
    const pending: Pending = this.#byKey.get(key) ?? { kind, deltas: [] }
    this.#byKey.set(key, pending)
    this.#size++
    return (pending.deltas as (ProfileDelta | SessionDelta)[]).push(delta)
  }

  /** One check with these values; as `add`. @param hourOfWeek the same for all checks of one minute */
  sawIdentity(
    key: string,
    atMs: number,
    hourOfWeek: number,
    shown: Readonly<Record<string, string>>,
  ): number {
    const last = this.#byKey.get(key)?.deltas.at(-1) as ProfileDelta | undefined
    if (last?.kind === 'seen' && isSame(last.shown, shown) && isSameMinute(last, atMs))
      return this.#raise(key, last, atMs)
    return this.add(key, 'profile', {
      kind: 'seen',
      firstMs: atMs,
      lastMs: atMs,
      count: 1,
      shown,
      hourOfWeek,
    })
  }

  /** One check of this session from this device; as `add`. */
  sawSession(key: string, atMs: number, device: string | undefined): number {
    const last = this.#byKey.get(key)?.deltas.at(-1) as SessionDelta | undefined
    if (last?.kind === 'seen' && last.device === device && isSameMinute(last, atMs))
      return this.#raise(key, last, atMs)
    return this.add(key, 'session', { kind: 'seen', firstMs: atMs, lastMs: atMs, count: 1, device })
  }

  #raise(key: string, last: Writable<Sightings>, atMs: number): number {
    last.count++
    last.firstMs = Math.min(last.firstMs, atMs)
    last.lastMs = Math.max(last.lastMs, atMs)
    return this.#byKey.get(key)?.deltas.length ?? 0
  }

  /** Everything that waits, in the order in which the keys came; the queue is empty then. */
  take(): [key: string, pending: Pending][] {
    const all = [...this.#byKey]
    this.#byKey = new Map()
    this.#size = 0
    return all
  }
}

const isSameMinute = ({ firstMs }: { readonly firstMs: number }, atMs: number): boolean =>
  minuteOf(firstMs) === minuteOf(atMs)

function isSame(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  let members = 0
  for (const name in a) {
    if (a[name] !== b[name]) return false
    members++
  }
  for (const _ in b) members--
  return members === 0
}
