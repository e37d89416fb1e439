import type { Log, Meter } from '../ports.ts'
import type { Sink } from './sink.ts'

interface QueueOptions {
  readonly limit: number
  readonly meter: Meter
  readonly log: Log
  /** Runs a function once after so many milliseconds; returns what cancels it. */
  readonly schedule: (ms: number, run: () => void) => () => void
}

/** A record waits no longer than this for others to be written with it: a write for each cost a tenth of the CPU. */
const FLUSH_MS = 50
/** Nor when so many characters wait. */
const FLUSH_LENGTH = 64 * 1024

export interface SinkQueue {
  push(line: string): void
  close(): Promise<void>
}

/** Bounded queue before one sink: records are written in batches, and what does not fit is dropped and counted. */
export function createSinkQueue(sink: Sink, options: QueueOptions): SinkQueue {
  const { limit, meter, log, schedule } = options
  let lines: string[] = []
  let length = 0
  let state: 'idle' | 'scheduled' | 'blocked' | 'broken' | 'closed' = 'idle'

  let cancel = (): void => undefined
  const drop = (count: number, reason: string) => {
    if (count > 0) meter.add('vigil_audit_dropped_total', count, { sink: sink.name, reason })
  }
  const flush = () => {
    if (lines.length === 0 || state === 'broken') return
    const batch = lines
    lines = []
    length = 0
    const hasRoom = sink.write(batch.join(''), (isWritten) => {
      if (!isWritten) drop(batch.length, 'broken')
    })
    if (state !== 'closed') state = hasRoom ? 'idle' : 'blocked'
  }
  sink.onReady(() => {
    if (state !== 'blocked') return
    state = 'idle'
    flush()
  })
  sink.onBroken((reason) => {
    state = 'broken'
    log.error('audit sink broken', { sink: sink.name, reason })
    drop(lines.length, 'broken')
    lines = []
    length = 0
  })
  return {
    push: (line) => {
      if (state === 'broken' || state === 'closed') return drop(1, state)
      if (lines.length >= limit) return drop(1, 'full')
      lines.push(line)
      length += line.length
      if (state === 'idle') {
        state = 'scheduled'
        cancel = schedule(FLUSH_MS, flush)
      } else if (state === 'scheduled' && length >= FLUSH_LENGTH) {
        cancel()
        flush()
      }
    },
    close: () => {
      if (state !== 'broken') state = 'closed'
      cancel()
      flush()
      return sink.close()
    },
  }
}
