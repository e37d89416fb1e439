import type { Log, Meter } from '../ports.ts'
import { type Batch, Batches } from './batch.ts'
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
/** What is full before goes at once. */
const BATCH_BYTES = 256 * 1024

export interface SinkQueue {
  push(line: string): void
  /** Lines that the sink was not given yet. */
  waiting(): number
  close(): Promise<void>
}

/** Bounded queue before one sink: records are written in batches, and what does not fit is dropped and counted. */
export function createSinkQueue(sink: Sink, options: QueueOptions): SinkQueue {
  const { limit, meter, log, schedule } = options
  const batches = new Batches(BATCH_BYTES)
  let state: 'idle' | 'scheduled' | 'blocked' | 'broken' | 'closed' = 'idle'

  let cancel = (): void => undefined
  const drop = (count: number, reason: string) => {
    if (count > 0) meter.add('vigil_audit_dropped_total', count, { sink: sink.name, reason })
  }
  const write = (batch: Batch): boolean =>
    sink.write(batch.bytes.subarray(0, batch.length), (isWritten) => {
      if (!isWritten) drop(batch.lines, 'broken')
      batches.giveBack(batch)
    })
  const flush = () => {
    if (state === 'broken') return
    if (state !== 'closed') state = 'idle'
    for (let batch = batches.take(); batch !== undefined; batch = batches.take()) {
      if (write(batch) || state === 'closed') continue
      state = 'blocked'
      return
    }
  }
  const flushSoon = () => {
    state = 'scheduled'
    cancel = schedule(FLUSH_MS, flush)
  }
  sink.onReady(() => {
    if (state !== 'blocked') return
    state = 'idle'
    // Those that came meanwhile wait for others like all: a sink that is ready at once would get them one by one.
    if (batches.waiting > 0) flushSoon()
  })
  sink.onBroken((reason) => {
    state = 'broken'
    log.error('audit sink broken', { sink: sink.name, reason })
    for (let batch = batches.take(); batch !== undefined; batch = batches.take()) drop(batch.lines, 'broken')
  })
  return {
    push: (line) => {
      if (state === 'broken' || state === 'closed') return drop(1, state)
      if (batches.waiting >= limit) return drop(1, 'full')
      const isFull = batches.add(line)
      if (state === 'idle') flushSoon()
      if (state === 'scheduled' && isFull) {
        cancel()
        flush()
      }
    },
    waiting: () => batches.waiting,
    close: () => {
      if (state !== 'broken') state = 'closed'
      cancel()
      flush()
      return sink.close()
    },
  }
}
