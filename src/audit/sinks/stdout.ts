import type { Sink } from '../sink.ts'

/** JSON lines on standard output; the service's own log goes to standard error. */
export function stdoutSink(stream: NodeJS.WriteStream = process.stdout): Sink {
  return {
    name: 'stdout',
    write: (lines) => stream.write(lines),
    onReady: (listener) => {
      stream.on('drain', listener)
    },
    onBroken: (listener) => {
      stream.once('error', (error: NodeJS.ErrnoException) => listener(error.code ?? 'error'))
    },
    close: () => Promise.resolve(),
  }
}
