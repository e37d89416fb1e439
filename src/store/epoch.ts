/**
 * The epoch of a store: one key that says whether what was written earlier is still there. Its value is `id.beat`: a random
 * id for one life of the memory, and a count that every process raises each second. A missing key, another id, or a count
 * that has gone back: the memory was emptied, or is an older one than it was (docs/decisions/0017).
 */

/** Counted up so often by each process: an older memory is noticed when it is older than this. */
export const BEAT_MS = 1000

/** Renewed with each beat. Whoever comes later than this finds no use that would still be accepted, either. */
export const EPOCH_TTL_MS = 86_400_000

/**
 * `same`: what was there is there. `lost`: what was written before now may be gone. `unsure`: the same, but there was
 * nothing to compare with (the first look, or a loss already told whose key has not been written anew).
 */
export type EpochVerdict = 'same' | 'lost' | 'unsure'

interface Epoch {
  readonly id: string
  readonly beat: number
}

/** What one process has seen of one epoch key. Pure of I/O: who asks the store tells it what came back. */
export class EpochWatch {
  #known: Epoch | undefined
  /** Counts questions, because replies on one connection may be looked at in another order than they came. */
  #asked = 0
  #judged = 0
  /** An id whose count has gone back: every process must see that, so it is not gone on with. */
  #stale: string | undefined

  /** To be called when the key is asked for; the number goes back to `see` with the reply. */
  ask(): number {
    return ++this.#asked
  }

  /** @param text what stood under the key; null: nothing */
  see(text: string | null, asked: number): EpochVerdict {
    // A later look has judged this moment, too: a count only goes up as long as nothing is lost.
    if (asked < this.#judged) return 'same'
    this.#judged = asked
    const before = this.#known
    const seen = parse(text)
    if (before !== undefined && before.id === seen?.id && before.beat <= seen.beat) {
      this.#known = seen
      return 'same'
    }
    if (before !== undefined && before.id === seen?.id) this.#stale = seen.id
    this.#known = seen?.id === this.#stale ? undefined : seen
    return before === undefined ? 'unsure' : 'lost'
  }

  /** The value to be written in place of the one that was seen last: one beat more, or a new epoch under this id. */
  next(newId: string): string {
    const { id, beat } = this.#known ?? { id: newId, beat: 0 }
    return `${id}.${beat + 1}`
  }

  /** The value stands there now. */
  wrote(text: string, asked: number): void {
    if (asked < this.#judged) return
    this.#judged = asked
    this.#known = parse(text)
  }
}

function parse(text: string | null): Epoch | undefined {
  const dot = text?.lastIndexOf('.') ?? -1
  if (text === null || dot < 1) return undefined
  const beat = Number(text.slice(dot + 1))
  return Number.isSafeInteger(beat) ? { id: text.slice(0, dot), beat } : undefined
}
