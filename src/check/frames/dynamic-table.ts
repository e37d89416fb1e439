import { ERROR, Fault } from './protocol.ts'
import { STATIC_TABLE } from './static-table.ts'

/** SETTINGS_HEADER_TABLE_SIZE, whose default is not changed by this side. */
const MAX_BYTES = 4096
/** RFC 7541 section 4.1: what an entry costs beside its name and its value. */
export const ENTRY_BYTES = 32
/** No more entries than this fit in. */
const SLOTS = MAX_BYTES / ENTRY_BYTES
const FIRST_DYNAMIC = STATIC_TABLE.length + 1

/** A name and a value. Bytes are characters (latin1). */
export interface Field {
  readonly name: string
  readonly value: string
  /** False: its name or value may not stand in a request. */
  readonly isValid: boolean
}

const STATIC: readonly Field[] = STATIC_TABLE.map(([name, value]) => ({ name, value, isValid: true }))

export const sizeOf = ({ name, value }: Field): number => name.length + value.length + ENTRY_BYTES

/** The table of a decoder: static entries first, then the newest dynamic one (RFC 7541 section 2.3.3). */
export class DynamicTable {
  /** A ring: what is evicted leaves nothing behind. */
  readonly #ring: (Field | undefined)[] = new Array(SLOTS).fill(undefined)
  #newest = 0
  #count = 0
  #bytes = 0
  #maxBytes = MAX_BYTES
  /** Counts what changed it: with the same number, the same index means the same. */
  changes = 0

  /** @throws Fault when there is no such entry (section 2.3.3) */
  at(index: number): Field {
    if (index < FIRST_DYNAMIC) {
      const field = index === 0 ? undefined : STATIC[index - 1]
      if (field !== undefined) return field
    }
    const age = index - FIRST_DYNAMIC
    const field = age >= 0 && age < this.#count ? this.#ring[(this.#newest + age) % SLOTS] : undefined
    if (field === undefined) throw new Fault(ERROR.compression, 'an index of no entry')
    return field
  }

  /** One that is larger than the table empties it, which is no error (section 4.4). */
  add(field: Field): void {
    const size = sizeOf(field)
    this.changes++
    this.#shrink(Math.max(0, this.#maxBytes - size))
    if (size > this.#maxBytes) return
    this.#newest = (this.#newest + SLOTS - 1) % SLOTS
    this.#ring[this.#newest] = field
    this.#count++
    this.#bytes += size
  }

  /** @throws Fault when it is more than this side allows (section 6.3) */
  resize(bytes: number): void {
    if (bytes > MAX_BYTES) throw new Fault(ERROR.compression, 'a larger table than allowed')
    this.changes++
    this.#maxBytes = bytes
    this.#shrink(bytes)
  }

  /** Evicts the eldest until no more than this is left. */
  #shrink(bytes: number): void {
    while (this.#bytes > bytes) {
      const eldest = (this.#newest + this.#count - 1) % SLOTS
      const field = this.#ring[eldest]
      this.#ring[eldest] = undefined
      this.#count--
      this.#bytes -= field === undefined ? 0 : sizeOf(field)
    }
  }
}
