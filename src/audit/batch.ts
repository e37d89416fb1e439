import { Buffer } from 'node:buffer'
import { MOST_BYTES_PER_UNIT } from '../lib/utf8.ts'

/** Lines in UTF-8, ready to be written; how many they are is known for those who count what is lost. */
export interface Batch {
  readonly bytes: Buffer
  readonly length: number
  readonly lines: number
}

const MOST_SPARES = 2
const NEWLINE = 0x0a

/**
 * Lines become bytes as they come, in memory that is used again and again: kept as strings until they are written, each
 * would be copied by the collector, joined with the others, and encoded into memory that the system has to hand out first.
 */
export class Batches {
  readonly #size: number
  readonly #spares: Buffer[] = []
  #full: Batch[] = []
  #bytes: Buffer | undefined
  #length = 0
  #lines = 0
  #waiting = 0

  /** @param size bytes of one batch; only a line that is longer makes a larger one */
  constructor(size: number) {
    this.#size = size
  }

  /** Lines that were not taken yet. */
  get waiting(): number {
    return this.#waiting
  }

  /**
   * @param line without its end, which is written behind it here: joined with it first, the line would be copied once more
   * @returns true when a batch is full
   */
  add(line: string): boolean {
    this.#waiting++
    const most = line.length * MOST_BYTES_PER_UNIT + 1
    if (this.#length + most > this.#size && this.#length > 0) this.#end()
    if (most > this.#size) {
      const bytes = Buffer.from(`${line}\n`)
      this.#full.push({ bytes, length: bytes.length, lines: 1 })
      return true
    }
    this.#bytes ??= this.#spares.pop() ?? Buffer.allocUnsafeSlow(this.#size)
    this.#length += this.#bytes.write(line, this.#length, 'utf8')
    this.#bytes[this.#length++] = NEWLINE
    this.#lines++
    return this.#full.length > 0
  }

  /** The next batch in the order of coming, full or not. Give its bytes back when they are written. */
  take(): Batch | undefined {
    if (this.#full.length === 0 && this.#lines > 0) this.#end()
    const batch = this.#full.shift()
    if (batch !== undefined) this.#waiting -= batch.lines
    return batch
  }

  giveBack({ bytes }: Batch): void {
    if (bytes.length === this.#size && this.#spares.length < MOST_SPARES) this.#spares.push(bytes)
  }

  #end(): void {
    if (this.#bytes === undefined) return
    this.#full.push({ bytes: this.#bytes, length: this.#length, lines: this.#lines })
    this.#bytes = undefined
    this.#length = 0
    this.#lines = 0
  }
}
