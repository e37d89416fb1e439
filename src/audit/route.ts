import type { SinkSettings } from '../config/schema/audit.ts'
import type { Outcome } from '../model.ts'
import type { Clock, Log, Meter } from '../ports.ts'
import { createKeep } from './keep.ts'
import { createSinkQueue } from './queue.ts'
import type { Sink } from './sink.ts'
import { fileSink } from './sinks/file.ts'
import { stdoutSink } from './sinks/stdout.ts'

export interface RouteDeps {
  readonly meter: Meter
  readonly log: Log
  readonly schedule: (ms: number, run: () => void) => () => void
  readonly clock: Pick<Clock, 'nowMs'>
}

/** The way of records to one sink. */
export interface Route {
  /** False, and counted, when the settings leave this record out. */
  wants(outcome: Outcome): boolean
  push(line: string): void
  close(): Promise<void>
}

export function openRoute(settings: SinkSettings, limit: number, deps: RouteDeps): Route {
  const sink = openSink(settings, deps)
  const queue = createSinkQueue(sink, { ...deps, limit })
  const keep = createKeep(settings.plainPercent)
  const labels = { sink: sink.name }
  return {
    wants: (outcome) => {
      if (keep === undefined || keep(outcome)) return true
      deps.meter.add('vigil_audit_filtered_total', 1, labels)
      return false
    },
    push: (line) => queue.push(line),
    close: () => queue.close(),
  }
}

function openSink(settings: SinkSettings, { clock, log }: RouteDeps): Sink {
  switch (settings.kind) {
    case 'stdout':
      return stdoutSink()
    case 'file':
      return fileSink(settings.path, {
        rotation: settings.rotate,
        clock,
        warn: (what, reason) => log.warn(WARNINGS[what], { path: settings.path, reason }),
      })
  }
}

const WARNINGS = {
  rotate: 'the audit file could not be moved away and grows on',
  prune: 'old audit files could not be removed',
} as const
