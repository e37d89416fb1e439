import { codeOf, LogFile, type LogFileOptions } from '../log-file.ts'
import type { Sink } from '../sink.ts'

/** More than that on its way to the disk, and the queue is told to wait. */
const MOST_WAITING_BYTES = 1024 * 1024

interface Waiting {
  readonly lines: Uint8Array
  readonly onSettled: (isWritten: boolean) => void
}

/** JSON lines appended to a file that only the owner may read. */
export function fileSink(path: string, options: LogFileOptions): Sink {
  return new FileSink(path, options)
}

class FileSink implements Sink {
  readonly name = 'file'
  readonly #file: LogFile
  #waiting: Waiting[] = []
  #bytes = 0
  #isBlocked = false
  #broken: string | undefined
  #onReady: () => void = () => undefined
  #onBroken: (reason: string) => void = () => undefined
  /** Resolves when nothing is being written any more. */
  #working: Promise<void>

  constructor(path: string, options: LogFileOptions) {
    this.#file = new LogFile(path, options)
    // Opened before the first record, so that a wrong path is told at once.
    this.#working = this.#work(async () => void (await this.#file.open()))
  }

  write(lines: Uint8Array, onSettled: (isWritten: boolean) => void): boolean {
    if (this.#broken !== undefined) {
      onSettled(false)
      return true
    }
    this.#waiting.push({ lines, onSettled })
    this.#bytes += lines.length
    if (this.#waiting.length === 1) this.#working = this.#working.then(() => this.#work(() => this.#drain()))
    this.#isBlocked = this.#bytes >= MOST_WAITING_BYTES
    return !this.#isBlocked
  }

  onReady(listener: () => void): void {
    this.#onReady = listener
  }

  onBroken(listener: (reason: string) => void): void {
    this.#onBroken = listener
    if (this.#broken !== undefined) listener(this.#broken)
  }

  async close(): Promise<void> {
    await this.#working
    await this.#file.close().catch(() => undefined)
  }

  async #drain(): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      await this.#file.append(next.lines)
      this.#waiting.shift()
      this.#bytes -= next.lines.length
      next.onSettled(true)
    }
    if (!this.#isBlocked) return
    this.#isBlocked = false
    this.#onReady()
  }

  /** Never rejects: what the system refuses breaks the sink, and what was on its way is told as lost. */
  async #work(act: () => Promise<void>): Promise<void> {
    if (this.#broken !== undefined) return
    try {
      await act()
    } catch (error) {
      this.#broken = codeOf(error)
      const lost = this.#waiting
      this.#waiting = []
      this.#bytes = 0
      for (const { onSettled } of lost) onSettled(false)
      this.#onBroken(this.#broken)
    }
  }
}
