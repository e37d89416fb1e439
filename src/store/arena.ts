import { Buffer } from 'node:buffer'

/** Smallest block; every block is a whole number of these. */
export const UNIT_BYTES = 32
/** A chunk is 1 MB. */
const CHUNK_BITS = 15
const CHUNK_UNITS = 1 << CHUNK_BITS
const MOST_UNITS = 32
/** What is longer does not go into an arena. */
export const MOST_BYTES = MOST_UNITS * UNIT_BYTES
export const NO_BLOCK = -1

interface Chunk {
  readonly bytes: Buffer
  readonly numbers: Float64Array
  readonly links: Int32Array
}

/**
 * Memory outside of V8's heap in blocks of 32 to 1,024 bytes. What many identities leave behind lives long: on the heap
 * it would be copied and traced again and again, and V8 would keep half as much again in reserve.
 * A block is a number; given back, it serves the next one of its size.
 */
export class Arena {
  readonly #chunks: Chunk[] = []
  /** By size in units: the first free block, which holds the number of the next. */
  readonly #free = new Int32Array(MOST_UNITS + 1).fill(NO_BLOCK)
  #next = 0

  /** @param bytes 0 to MOST_BYTES */
  take(bytes: number): number {
    const units = unitsOf(bytes)
    const free = this.#free[units] ?? NO_BLOCK
    if (free === NO_BLOCK) return this.#fresh(units)
    this.#free[units] = this.#chunk(free).links[linkAt(free)] ?? NO_BLOCK
    return free
  }

  /** @param bytes as it was taken */
  give(block: number, bytes: number): void {
    this.#give(block, unitsOf(bytes))
  }

  /** @param bytes length of the text in UTF-8 */
  writeText(block: number, text: string, bytes: number): void {
    this.#chunk(block).bytes.write(text, byteAt(block), bytes, 'utf8')
  }

  readText(block: number, bytes: number): string {
    const from = byteAt(block)
    return this.#chunk(block).bytes.toString('utf8', from, from + bytes)
  }

  /** @param index 0 to 3 in the smallest block */
  writeNumber(block: number, index: number, value: number): void {
    this.#chunk(block).numbers[numberAt(block) + index] = value
  }

  readNumber(block: number, index: number): number {
    return this.#chunk(block).numbers[numberAt(block) + index] ?? 0
  }

  /** A block lies within one chunk; what is left at the end of one is a block of its own. */
  #fresh(units: number): number {
    const left = CHUNK_UNITS - unitAt(this.#next)
    if (left < units) {
      this.#give(this.#next, left)
      this.#next += left
    }
    const block = this.#next
    this.#next += units
    if (block >> CHUNK_BITS >= this.#chunks.length) this.#chunks.push(newChunk())
    return block
  }

  #give(block: number, units: number): void {
    this.#chunk(block).links[linkAt(block)] = this.#free[units] ?? NO_BLOCK
    this.#free[units] = block
  }

  #chunk(block: number): Chunk {
    const chunk = this.#chunks[block >> CHUNK_BITS]
    if (chunk === undefined) throw new RangeError('no such block')
    return chunk
  }
}

const unitsOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / UNIT_BYTES))
const unitAt = (block: number): number => block & (CHUNK_UNITS - 1)
const byteAt = (block: number): number => unitAt(block) * UNIT_BYTES
const linkAt = (block: number): number => unitAt(block) * (UNIT_BYTES / 4)
const numberAt = (block: number): number => unitAt(block) * (UNIT_BYTES / 8)

function newChunk(): Chunk {
  const bytes = Buffer.alloc(CHUNK_UNITS * UNIT_BYTES)
  return { bytes, numbers: new Float64Array(bytes.buffer), links: new Int32Array(bytes.buffer) }
}
