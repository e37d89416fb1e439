import { createWriteStream } from 'node:fs'
import type { Sink } from '../sink.ts'

/** JSON lines appended to a file that only the owner may read. */
export function fileSink(path: string): Sink {
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600 })
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
