import { createWriteStream } from 'node:fs'
import type { Sink } from '../sink.ts'

/** JSON lines appended to a file that only the owner may read. */
export function fileSink(path: string): Sink {
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600 })
  let isBroken = false
  return {
    name: 'file',
    write: (lines) => !isBroken && stream.write(lines),
    onReady: (listener) => {
      stream.on('drain', listener)
    },
    onBroken: (listener) => {
      stream.once('error', (error: NodeJS.ErrnoException) => {
        isBroken = true
        listener(error.code ?? 'error')
      })
    },
    close: () =>
      new Promise((resolve) => {
        if (isBroken) resolve()
        else stream.end(resolve)
      }),
  }
}
