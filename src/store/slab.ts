import { Buffer } from 'node:buffer'

/** Counts of a fixed window and of the one before it: changed in place, so that counting makes no garbage. */
export interface Counter {
  window: number
  current: number
  previous: number
}

export type SlabValue = string | Counter

const NONE = -1
const FIRST_CAPACITY = 1024
/** Slots looked at for expiry per write: every slot is visited once in `size / 2` writes, without a timer. */
const SWEEP_STEPS = 2
/** With a full slab, all slots are looked at no more often than this. */
const FULL_SWEEP_MS = 1000

const OTHERS = 0
const PINNED = 1

/**
 * A bounded map with expiry. Entries stand in slots of parallel arrays instead of objects of their own (about 60 bytes
 * less each), and in one of two lists, oldest first: pinned entries (claims) leave only by expiry, others make room.
 */
export class Slab {
  readonly #maxEntries: number
  readonly #index = new Map<string, number>()
  readonly #keys: string[] = []
  readonly #values: SlabValue[] = []
  #expires: Float64Array<ArrayBufferLike>
  #older: Int32Array<ArrayBufferLike>
  #newer: Int32Array<ArrayBufferLike>
  #list: Uint8Array<ArrayBufferLike>
  readonly #oldest = new Int32Array([NONE, NONE])
  readonly #newest = new Int32Array([NONE, NONE])
  #free = NONE
  #used = 0
  #cursor = 0
  #nextFullSweepMs = Number.NEGATIVE_INFINITY

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
    const capacity = Math.min(FIRST_CAPACITY, maxEntries)
    this.#expires = new Float64Array(capacity)
    this.#older = new Int32Array(capacity)
    this.#newer = new Int32Array(capacity)
    this.#list = new Uint8Array(capacity)
  }

  get size(): number {
    return this.#index.size
  }

  /** The live value, or undefined. */
  get(key: string, nowMs: number): SlabValue | undefined {
    const slot = this.#index.get(key)
    if (slot === undefined) return undefined
    if ((this.#expires[slot] ?? 0) > nowMs) return this.#values[slot]
    this.#remove(slot)
    return undefined
  }

  /**
   * Sets an entry and makes it the youngest of its list.
   * @returns false when there is no room: everything else is pinned and alive.
   */
  set(key: string, value: SlabValue, expiresAtMs: number, isPinned: boolean, nowMs: number): boolean {
    this.#sweep(nowMs, SWEEP_STEPS)
    const existing = this.#index.get(key)
    if (existing !== undefined) this.#unlink(existing)
    else if (this.#index.size >= this.#maxEntries && !this.#makeRoom(nowMs)) return false
    const slot = existing ?? this.#take(key)
    this.#values[slot] = value
    this.#expires[slot] = expiresAtMs
    this.#append(slot, isPinned ? PINNED : OTHERS)
    return true
  }

  #makeRoom(nowMs: number): boolean {
    if (nowMs >= this.#nextFullSweepMs) {
      this.#nextFullSweepMs = nowMs + FULL_SWEEP_MS
      this.#sweep(nowMs, this.#used)
      if (this.#index.size < this.#maxEntries) return true
    }
    // Claims live about equally long, so the oldest is the first to expire.
    const claim = this.#oldest[PINNED] ?? NONE
    if (claim !== NONE && (this.#expires[claim] ?? 0) <= nowMs) return this.#remove(claim)
    const other = this.#oldest[OTHERS] ?? NONE
    return other !== NONE && this.#remove(other)
  }

  #sweep(nowMs: number, steps: number): void {
    for (let i = Math.min(steps, this.#used); i > 0; i--) {
      if (this.#cursor >= this.#used) this.#cursor = 0
      const slot = this.#cursor++
      // A free slot holds Infinity.
      if ((this.#expires[slot] ?? 0) <= nowMs) this.#remove(slot)
    }
  }

  #take(key: string): number {
    let slot = this.#free
    if (slot === NONE) {
      slot = this.#used++
      if (slot >= this.#expires.length) this.#grow()
    } else this.#free = this.#newer[slot] ?? NONE
    // A concatenated string keeps its parts alive; a copy is flat and half the size.
    const flat = Buffer.from(key, 'latin1').toString('latin1')
    this.#keys[slot] = flat
    this.#index.set(flat, slot)
    return slot
  }

  #remove(slot: number): true {
    this.#index.delete(this.#keys[slot] ?? '')
    this.#unlink(slot)
    this.#keys[slot] = ''
    this.#values[slot] = ''
    this.#expires[slot] = Number.POSITIVE_INFINITY
    this.#newer[slot] = this.#free
    this.#free = slot
    return true
  }

  #append(slot: number, list: number): void {
    const last = this.#newest[list] ?? NONE
    this.#list[slot] = list
    this.#older[slot] = last
    this.#newer[slot] = NONE
    if (last === NONE) this.#oldest[list] = slot
    else this.#newer[last] = slot
    this.#newest[list] = slot
  }

  #unlink(slot: number): void {
    const list = this.#list[slot] ?? OTHERS
    const older = this.#older[slot] ?? NONE
    const newer = this.#newer[slot] ?? NONE
    if (older === NONE) this.#oldest[list] = newer
    else this.#newer[older] = newer
    if (newer === NONE) this.#newest[list] = older
    else this.#older[newer] = older
  }

  #grow(): void {
    const capacity = Math.min(this.#expires.length * 2, this.#maxEntries)
    const grown = <A extends { set(from: ArrayLike<number>): void }>(into: A, from: ArrayLike<number>): A => {
      into.set(from)
      return into
    }
    this.#expires = grown(new Float64Array(capacity), this.#expires)
    this.#older = grown(new Int32Array(capacity), this.#older)
    this.#newer = grown(new Int32Array(capacity), this.#newer)
    this.#list = grown(new Uint8Array(capacity), this.#list)
  }
}
