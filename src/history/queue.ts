import type { ProfileDelta } from './profile.ts'
import type { SessionDelta } from './session.ts'

/** What waits to be merged into one key. */
export type Pending =
  | { readonly kind: 'profile'; readonly deltas: ProfileDelta[] }
  | { readonly kind: 'session'; readonly deltas: SessionDelta[] }

/** Deltas by key, bounded in number. */
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

  /** Everything that waits, in the order in which the keys came; the queue is empty then. */
  take(): [key: string, pending: Pending][] {
    const all = [...this.#byKey]
    this.#byKey = new Map()
    this.#size = 0
    return all
  }
}
