import type { Writable } from 'node:stream'
import type { Sink } from '../sink.ts'

/** JSON lines on standard output; the service's own log goes to standard error. */
export function stdoutSink(stream: Writable = process.stdout): Sink {
  const listeners: (readonly [event: 'drain' | 'error', listener: (error: NodeJS.ErrnoException) => void])[] =
    []
  // Standard output survives its errors, so a closed pipe may report many: only the first is news.
  const listen = (event: 'drain' | 'error', listener: (error: NodeJS.ErrnoException) => void) => {
    stream.on(event, listener)
    listeners.push([event, listener])
  }
  return {
    name: 'stdout',
    write: (lines, onSettled) => stream.write(lines, (error) => onSettled(!error)),
    onReady: (listener) => listen('drain', () => listener()),
    onBroken: (listener) => {
      let isBroken = false
      listen('error', (error) => {
        if (!isBroken) listener(error.code ?? 'error')
        isBroken = true
      })
    },
    close: () =>
      new Promise((resolve) => {
        // The stream outlives the sink (a reload makes a new one), so only what was registered goes away.
        stream.write('', () => {
          for (const [event, listener] of listeners) stream.off(event, listener)
          resolve()
        })
      }),
  }
}
