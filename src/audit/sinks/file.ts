import { createWriteStream } from 'node:fs'
import type { Sink } from '../sink.ts'

/** More than that on its way to the disk, and the queue is told to wait. */
const MOST_WAITING_BYTES = 1024 * 1024

/** JSON lines appended to a file that only the owner may read. */
export function fileSink(path: string): Sink {
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600, highWaterMark: MOST_WAITING_BYTES })
  let broken: string | undefined
  let onBroken: (reason: string) => void = () => undefined
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (broken !== undefined) return
    broken = error.code ?? 'error'
    onBroken(broken)
  })
  return {
    name: 'file',
    write: (lines, onSettled) => stream.write(lines, (error) => onSettled(!error)),
    onReady: (listener) => {
      stream.on('drain', listener)
    },
    onBroken: (listener) => {
      onBroken = listener
    },
    close: () =>
      new Promise((resolve) => {
        if (stream.closed || stream.destroyed) return resolve()
        stream.once('close', () => resolve())
        stream.end()
      }),
  }
}
