import type { Log, Meter } from '../ports.ts'
import type { Sink } from './sink.ts'

interface QueueOptions {
  readonly limit: number
  readonly meter: Meter
  readonly log: Log
  /** Runs a function soon, after what is running now: `setImmediate` in the service. */
  readonly defer: (run: () => void) => void
}

export interface SinkQueue {
  push(line: string): void
  close(): Promise<void>
}

/** Bounded queue before one sink: records are written in batches, and what does not fit is dropped and counted. */
export function createSinkQueue(sink: Sink, options: QueueOptions): SinkQueue {
  const { limit, meter, log, defer } = options
  let lines: string[] = []
  let state: 'idle' | 'scheduled' | 'blocked' | 'broken' | 'closed' = 'idle'

  const drop = (count: number, reason: string) => {
    if (count > 0) meter.add('vigil_audit_dropped_total', count, { sink: sink.name, reason })
  }
  const flush = () => {
    if (lines.length === 0 || state === 'broken') return
    const batch = lines
    lines = []
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
  })
  return {
    push: (line) => {
      if (state === 'broken' || state === 'closed') return drop(1, state)
      if (lines.length >= limit) return drop(1, 'full')
      lines.push(line)
      if (state !== 'idle') return
      state = 'scheduled'
      defer(flush)
    },
    close: () => {
      if (state !== 'broken') state = 'closed'
      flush()
      return sink.close()
    },
  }
}
