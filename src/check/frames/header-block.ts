import { Buffer } from 'node:buffer'
import { LIMITS } from './limits.ts'
import { ERROR, Fault } from './protocol.ts'

/** A header block that does not come in one frame (RFC 9113 section 4.3): nothing else may come before its end. */
export class HeaderBlock {
  readonly stream: number
  readonly isLast: boolean
  readonly #parts: Buffer[] = []
  #bytes = 0
  #frames = 0
  isOld = false

  /** @param isLast the stream ends with it */
  constructor(stream: number, isLast: boolean) {
    this.stream = stream
    this.isLast = isLast
  }

  /** @throws Fault when it grows beyond what is kept (the flood of CVE-2024-27316) */
  add(bytes: Buffer, at: number, end: number): void {
    this.#bytes += end - at
    this.#frames++
    if (this.#bytes > LIMITS.blockBytes || this.#frames > LIMITS.blockFrames)
      throw new Fault(ERROR.calm, 'a header block is too large')
    this.#parts.push(Buffer.copyBytesFrom(bytes, at, end - at))
  }

  whole(): Buffer {
    return Buffer.concat(this.#parts)
  }
}
