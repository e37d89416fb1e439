import type { Stats } from 'node:fs'
import { type FileHandle, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../ports.ts'

export interface Rotation {
  readonly maxBytes?: number | undefined
  readonly maxAgeSeconds?: number | undefined
  /** Rotated files that stay. */
  readonly keep: number
}

export interface LogFileOptions {
  readonly rotation?: Rotation | undefined
  readonly clock: Pick<Clock, 'nowMs'>
  /** Told what did not work although every line is written: `rotate` or `prune`. */
  readonly warn: (what: 'rotate' | 'prune', reason: string) => void
}

interface Opened {
  readonly handle: FileHandle
  readonly ino: number
  readonly dev: number
  /** When its first line was written, as far as the file system knows. */
  readonly bornMs: number
}

const NEWLINE = 0x0a
const ROTATED = /^\d{8}T\d{9}Z(-\d+)?$/

/**
 * A file of lines that is appended to, under whatever name it stands now. Before each append the path is looked at: when
 * somebody has moved or removed the file, a new one is made there, so that an outer logrotate needs no signal.
 * Calls must not overlap.
 */
export class LogFile {
  readonly #path: string
  readonly #options: LogFileOptions
  #opened: Opened | undefined

  constructor(path: string, options: LogFileOptions) {
    this.#path = path
    this.#options = options
  }

  /** @throws the error of the system */
  async open(): Promise<Opened> {
    this.#opened ??= await openLines(this.#path, this.#options.clock)
    return this.#opened
  }

  /**
   * @param lines whole lines; they go to one file, so that every rotated file ends with a whole line
   * @throws the error of the system; a part of the lines may have been written
   */
  async append(lines: Uint8Array): Promise<void> {
    const { handle } = await this.#current(lines.length)
    let written = 0
    while (written < lines.length) {
      const { bytesWritten } = await handle.write(lines, written, lines.length - written)
      written += bytesWritten
    }
  }

  async close(): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    await opened?.handle.close()
  }

  async #current(more: number): Promise<Opened> {
    const opened = await this.open()
    const seen = await statOf(this.#path)
    const isElsewhere = seen === undefined || seen.ino !== opened.ino || seen.dev !== opened.dev
    if (isElsewhere || (this.#isDue(opened, seen, more) && (await this.#moveAway()))) await this.close()
    return this.open()
  }

  #isDue({ bornMs }: Opened, { size }: Stats, more: number): boolean {
    const { rotation, clock } = this.#options
    if (rotation === undefined || size === 0) return false
    const { maxBytes = Number.POSITIVE_INFINITY, maxAgeSeconds = Number.POSITIVE_INFINITY } = rotation
    return size + more > maxBytes || clock.nowMs() - bornMs >= maxAgeSeconds * 1000
  }

  /** One rename: the file has all its lines under the one name or under the other, whenever the process dies. */
  async #moveAway(): Promise<boolean> {
    const { clock, warn } = this.#options
    try {
      await rename(this.#path, await freeName(`${this.#path}.${stampOf(clock.nowMs())}`))
    } catch (error) {
      // Records matter more than the size of their file, so it grows on.
      warn('rotate', codeOf(error))
      return false
    }
    try {
      await this.#prune()
    } catch (error) {
      // Nothing is lost; there are only more files than wanted.
      warn('prune', codeOf(error))
    }
    return true
  }

  async #prune(): Promise<void> {
    const keep = this.#options.rotation?.keep ?? Number.POSITIVE_INFINITY
    const folder = dirname(this.#path)
    const prefix = `${basename(this.#path)}.`
    const rotated = (await readdir(folder))
      .filter((name) => name.startsWith(prefix) && ROTATED.test(name.slice(prefix.length)))
      .sort()
    for (const name of rotated.slice(0, Math.max(0, rotated.length - keep))) await unlink(join(folder, name))
  }
}

async function openLines(path: string, clock: Pick<Clock, 'nowMs'>): Promise<Opened> {
  // Opening a pipe that nobody reads waits for ever, in a thread that the process cannot end without.
  if ((await statOf(path))?.isFIFO()) throw Object.assign(new Error('not a file'), { code: 'it is a pipe' })
  const handle = await open(path, 'a', 0o600)
  try {
    const { ino, dev, size, birthtimeMs, mtimeMs } = await handle.stat()
    // A process that was killed may have left half a line: what comes next must not be glued to it.
    if (size > 0 && !(await endsWithNewline(path, size))) await handle.write('\n')
    const bornMs = size === 0 ? clock.nowMs() : Math.min(birthtimeMs || mtimeMs, mtimeMs)
    return { handle, ino, dev, bornMs }
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function endsWithNewline(path: string, size: number): Promise<boolean> {
  const handle = await open(path, 'r')
  try {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
    return buffer[0] === NEWLINE
  } finally {
    await handle.close()
  }
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    // Moved away or removed; anything else the next open tells better.
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** `20261127T182931123Z`: sorts by time and is a good file name everywhere. */
const stampOf = (ms: number) => new Date(ms).toISOString().replace(/[-:.]/g, '')

async function freeName(name: string): Promise<string> {
  for (let i = 1; ; i++) {
    const candidate = i === 1 ? name : `${name}-${i}`
    if ((await statOf(candidate)) === undefined) return candidate
  }
}

export const codeOf = (error: unknown): string =>
  (error as NodeJS.ErrnoException | undefined)?.code ?? 'error'
