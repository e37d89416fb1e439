/** What a table of streams has to know of one. */
interface Numbered {
  readonly id: number
}

const FIRST_SLOTS = 64

/**
 * The open streams of a connection, by number: slots in an array, found by the number itself, since numbers follow each
 * other. No Map, whose abandoned tables would keep what passed through them (docs/decisions/0012).
 */
export class StreamTable<T extends Numbered> {
  #slots: (T | undefined)[] = new Array(FIRST_SLOTS).fill(undefined)
  #mask = FIRST_SLOTS - 1
  size = 0

  get(id: number): T | undefined {
    return this.#slots[this.#find(id)]
  }

  add(stream: T): void {
    // Half empty at least, so that a number is found in a step or two.
    if (2 * (this.size + 1) > this.#slots.length) this.#grow()
    this.#slots[this.#find(stream.id)] = stream
    this.size++
  }

  /** No harm when it is not there. */
  delete(id: number): void {
    let hole = this.#find(id)
    if (this.#slots[hole] === undefined) return
    this.#slots[hole] = undefined
    this.size--
    // Those that had to go further because of it come nearer.
    for (let at = (hole + 1) & this.#mask; ; at = (at + 1) & this.#mask) {
      const stream = this.#slots[at]
      if (stream === undefined) return
      const way = (at - this.#home(stream.id)) & this.#mask
      if (way < ((at - hole) & this.#mask)) continue
      this.#slots[hole] = stream
      this.#slots[at] = undefined
      hole = at
    }
  }

  /** @param act may delete the stream it is given */
  each(act: (stream: T) => void): void {
    for (const stream of this.#slots.filter((slot) => slot !== undefined)) act(stream)
  }

  /** Clients count by two. */
  #home(id: number): number {
    return (id >>> 1) & this.#mask
  }

  /** Its slot, or the empty one where it would stand. */
  #find(id: number): number {
    let at = this.#home(id)
    for (;;) {
      const stream = this.#slots[at]
      if (stream === undefined || stream.id === id) return at
      at = (at + 1) & this.#mask
    }
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Array(2 * old.length).fill(undefined)
    this.#mask = this.#slots.length - 1
    for (const stream of old) if (stream !== undefined) this.#slots[this.#find(stream.id)] = stream
  }
}

/** How many closed streams are remembered. */
const REMEMBERED = 1024

/** How a stream came to its end. */
export type Ending = 'whole' | 'reset-by-peer' | 'reset-here'
const ENDINGS: readonly Ending[] = ['whole', 'reset-by-peer', 'reset-here']

/**
 * The streams that were closed last: what still comes of one that was reset here was on its way and is ignored; what comes
 * of another is an error of the peer (RFC 9113 section 5.1, "closed").
 */
export class ClosedStreams {
  readonly #ids = new Uint32Array(REMEMBERED)
  readonly #endings = new Uint8Array(REMEMBERED)
  #at = 0

  add(id: number, ending: Ending): void {
    this.#ids[this.#at] = id
    this.#endings[this.#at] = ENDINGS.indexOf(ending)
    this.#at = (this.#at + 1) % REMEMBERED
  }

  /** Undefined: closed long ago, or never opened. */
  endingOf(id: number): Ending | undefined {
    const at = this.#ids.indexOf(id)
    return at === -1 ? undefined : ENDINGS[this.#endings[at] ?? 0]
  }
}
