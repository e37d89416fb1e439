import type { AuditSettings } from '../config/schema/decision.ts'
import type { Outcome } from '../model.ts'
import type { Log, Meter } from '../ports.ts'
import { createSinkQueue, type SinkQueue } from './queue.ts'
import { type RecordContext, toRecord } from './record.ts'
import type { Sink } from './sink.ts'
import { fileSink } from './sinks/file.ts'
import { stdoutSink } from './sinks/stdout.ts'

export interface Auditor {
  /** Queues the record of one check; never throws, never waits. */
  record(outcome: Outcome, context: RecordContext): void
  /** Takes over changed settings: new sinks are opened, old ones are flushed and closed. */
  configure(settings: AuditSettings): Promise<void>
  close(): Promise<void>
}

interface AuditorDeps {
  readonly meter: Meter
  readonly log: Log
  readonly schedule: (ms: number, run: () => void) => () => void
}

export function createAuditor(deps: AuditorDeps): Auditor {
  let queues: readonly SinkQueue[] = []
  let current = ''
  const closeAll = async (old: readonly SinkQueue[]) => {
    await Promise.all(old.map((queue) => queue.close()))
  }
  return {
    record: (outcome, context) => {
      if (queues.length === 0) return
      const line = lineOf(outcome, context)
      if (line === undefined) {
        deps.log.error('a record could not be made', { decision: outcome.check.id })
        return deps.meter.add('vigil_audit_dropped_total', 1, LOST)
      }
      for (const queue of queues) queue.push(line)
    },
    configure: async (settings) => {
      const next = JSON.stringify(settings)
      if (next === current) return
      const old = queues
      current = next
      queues = settings.sinks.map((sink) =>
        createSinkQueue(openSink(sink), { ...deps, limit: settings.queue }),
      )
      await closeAll(old)
    },
    close: async () => {
      const old = queues
      queues = []
      current = ''
      await closeAll(old)
    },
  }
}

const LOST = { sink: 'all', reason: 'fault' } as const

/** Undefined when the outcome cannot be told as JSON: an answer must not fall with its record. */
function lineOf(outcome: Outcome, context: RecordContext): string | undefined {
  try {
    return `${JSON.stringify(toRecord(outcome, context))}\n`
  } catch {
    // The caller says so and counts it as dropped.
    return undefined
  }
}

function openSink(settings: AuditSettings['sinks'][number]): Sink {
  switch (settings.kind) {
    case 'stdout':
      return stdoutSink()
    case 'file':
      return fileSink(settings.path)
  }
}
