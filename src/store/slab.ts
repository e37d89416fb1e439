import { Buffer } from 'node:buffer'
import { Arena, MOST_BYTES, NO_BLOCK } from './arena.ts'
import { fingerprint, WORDS } from './fingerprint.ts'

/** Counts of a fixed window and of the one before it. */
export interface Counter {
  window: number
  current: number
  previous: number
}

export const NONE = -1
/** Slots looked at for expiry per write: every slot is visited once in `size / 2` writes, without a timer. */
const SWEEP_STEPS = 2
/** With a full slab, all slots are looked at no more often than this. */
const FULL_SWEEP_MS = 1000

const OTHERS = 0
const PINNED = 1

/** Instead of a length in bytes: a counter, and a text too long for a block. */
const COUNTER = -1
const LONG = -2
const COUNTER_BYTES = 24

/**
 * A bounded map with expiry. Entries stand in slots of parallel arrays and in blocks of an arena, none of it on V8's
 * heap, and in one of two lists, oldest first: pinned entries (claims) leave only by expiry, others make room.
 * Keys are kept as fingerprints only.
 */
export class Slab {
  readonly #maxEntries: number
  readonly #arena = new Arena()
  readonly #long = new Map<number, string>()
  #size = 0
  readonly #expires: Float64Array
  readonly #older: Int32Array
  readonly #newer: Int32Array
  readonly #list: Uint8Array
  readonly #block: Int32Array
  readonly #length: Int32Array
  readonly #names: Int32Array
  /** The slot after the next one of the same bucket: 0 for none, as memory begins. */
  readonly #next: Int32Array
  /** The slot after the first one of each bucket; their number is a power of two. */
  readonly #buckets: Int32Array
  readonly #oldest = new Int32Array([NONE, NONE])
  readonly #newest = new Int32Array([NONE, NONE])
  readonly #name = new Int32Array(WORDS)
  readonly #counter: Counter = { window: 0, current: 0, previous: 0 }
  #free = NONE
  #used = 0
  #cursor = 0
  #nextFullSweepMs = Number.NEGATIVE_INFINITY

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
    // For all that there may ever be: the system gives the pages when they are written.
    this.#expires = new Float64Array(maxEntries)
    this.#older = new Int32Array(maxEntries)
    this.#newer = new Int32Array(maxEntries)
    this.#list = new Uint8Array(maxEntries)
    this.#block = new Int32Array(maxEntries)
    this.#length = new Int32Array(maxEntries)
    this.#names = new Int32Array(maxEntries * WORDS)
    this.#next = new Int32Array(maxEntries)
    this.#buckets = new Int32Array(2 ** Math.ceil(Math.log2(maxEntries + 1)))
  }

  get size(): number {
    return this.#size
  }

  /** The slot of a live entry, or NONE; good until the next write. */
  find(key: string, nowMs: number): number {
    fingerprint(key, this.#name)
    const slot = this.#lookUp()
    if (slot === NONE || (this.#expires[slot] ?? 0) > nowMs) return slot
    this.#remove(slot)
    return NONE
  }

  /** The text in a slot; undefined for NONE and for a counter. */
  text(slot: number): string | undefined {
    if (slot === NONE) return undefined
    const length = this.#length[slot] ?? 0
    if (length === LONG) return this.#long.get(slot)
    return length === COUNTER ? undefined : this.#arena.readText(this.#block[slot] ?? NO_BLOCK, length)
  }

  /** The counter in a slot; undefined for NONE and for a text. The same object each time: read it at once. */
  counter(slot: number): Counter | undefined {
    if (slot === NONE || this.#length[slot] !== COUNTER) return undefined
    const block = this.#block[slot] ?? NO_BLOCK
    const counter = this.#counter
    counter.window = this.#arena.readNumber(block, 0)
    counter.current = this.#arena.readNumber(block, 1)
    counter.previous = this.#arena.readNumber(block, 2)
    return counter
  }

  /** Overwrites the counter in a slot; its place and its end stay. */
  recount(slot: number, { window, current, previous }: Counter): void {
    const block = this.#block[slot] ?? NO_BLOCK
    this.#arena.writeNumber(block, 0, window)
    this.#arena.writeNumber(block, 1, current)
    this.#arena.writeNumber(block, 2, previous)
  }

  /**
   * Sets an entry and makes it the youngest of its list.
   * @returns false when there is no room: everything else is pinned and alive.
   */
  setText(key: string, text: string, expiresAtMs: number, isPinned: boolean, nowMs: number): boolean {
    const slot = this.#place(key, expiresAtMs, isPinned, nowMs)
    if (slot === NONE) return false
    const bytes = Buffer.byteLength(text)
    if (bytes > MOST_BYTES) {
      this.#vacate(slot)
      this.#long.set(slot, text)
      this.#length[slot] = LONG
      return true
    }
    this.#arena.writeText(this.#furnish(slot, bytes, bytes), text, bytes)
    return true
  }

  /** As `setText`. */
  setCounter(key: string, counter: Counter, expiresAtMs: number, nowMs: number): boolean {
    const slot = this.#place(key, expiresAtMs, false, nowMs)
    if (slot === NONE) return false
    this.#furnish(slot, COUNTER, COUNTER_BYTES)
    this.recount(slot, counter)
    return true
  }

  /** The slot for this key, the youngest of its list; NONE when there is no room. */
  #place(key: string, expiresAtMs: number, isPinned: boolean, nowMs: number): number {
    this.#sweep(nowMs, SWEEP_STEPS)
    fingerprint(key, this.#name)
    const existing = this.#lookUp()
    if (existing !== NONE) this.#unlink(existing)
    else if (this.#size >= this.#maxEntries && !this.#makeRoom(nowMs)) return NONE
    const slot = existing === NONE ? this.#take() : existing
    this.#expires[slot] = expiresAtMs
    this.#append(slot, isPinned ? PINNED : OTHERS)
    return slot
  }

  /** A new block for so many bytes, which is the old one when that is of the same size. */
  #furnish(slot: number, length: number, bytes: number): number {
    this.#vacate(slot)
    const block = this.#arena.take(bytes)
    this.#block[slot] = block
    this.#length[slot] = length
    return block
  }

  #vacate(slot: number): void {
    const length = this.#length[slot] ?? 0
    const block = this.#block[slot] ?? NO_BLOCK
    if (length === LONG) this.#long.delete(slot)
    else if (block !== NO_BLOCK) this.#arena.give(block, length === COUNTER ? COUNTER_BYTES : length)
    this.#block[slot] = NO_BLOCK
    this.#length[slot] = 0
  }

  /** The slot with the name that was last asked for, alive or not. */
  #lookUp(): number {
    let slot = (this.#buckets[this.#bucketOf(this.#name, 0)] ?? 0) - 1
    while (slot !== NONE && !this.#isNamed(slot)) slot = (this.#next[slot] ?? 0) - 1
    return slot
  }

  #isNamed(slot: number): boolean {
    const names = this.#names
    const name = this.#name
    const at = slot * WORDS
    return (
      names[at] === name[0] &&
      names[at + 1] === name[1] &&
      names[at + 2] === name[2] &&
      names[at + 3] === name[3]
    )
  }

  #bucketOf(names: Int32Array, at: number): number {
    return (names[at] ?? 0) & (this.#buckets.length - 1)
  }

  #makeRoom(nowMs: number): boolean {
    if (nowMs >= this.#nextFullSweepMs) {
      this.#nextFullSweepMs = nowMs + FULL_SWEEP_MS
      this.#sweep(nowMs, this.#used)
      if (this.#size < this.#maxEntries) return true
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

  /** A slot under the name that was last asked for. */
  #take(): number {
    let slot = this.#free
    if (slot === NONE) {
      slot = this.#used++
    } else this.#free = this.#newer[slot] ?? NONE
    this.#size++
    this.#block[slot] = NO_BLOCK
    this.#length[slot] = 0
    this.#names.set(this.#name, slot * WORDS)
    this.#hang(slot)
    return slot
  }

  #hang(slot: number): void {
    const bucket = this.#bucketOf(this.#names, slot * WORDS)
    this.#next[slot] = this.#buckets[bucket] ?? 0
    this.#buckets[bucket] = slot + 1
  }

  #unhang(slot: number): void {
    const bucket = this.#bucketOf(this.#names, slot * WORDS)
    const after = this.#next[slot] ?? 0
    let before = (this.#buckets[bucket] ?? 0) - 1
    if (before === slot) {
      this.#buckets[bucket] = after
      return
    }
    while (this.#next[before] !== slot + 1) before = (this.#next[before] ?? 0) - 1
    this.#next[before] = after
  }

  #remove(slot: number): true {
    this.#unhang(slot)
    this.#unlink(slot)
    this.#vacate(slot)
    this.#size--
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
}
