import type { AuditSettings } from '../config/schema/audit.ts'
import type { Outcome } from '../model.ts'
import { type RecordContext, toRecord } from './record.ts'
import { openRoute, type Route, type RouteDeps } from './route.ts'

export interface Auditor {
  /** Queues the record of one check; never throws, never waits. */
  record(outcome: Outcome, context: RecordContext): void
  /** Takes over changed settings: new sinks are opened, old ones are flushed and closed. */
  configure(settings: AuditSettings): Promise<void>
  close(): Promise<void>
}

export function createAuditor(deps: RouteDeps): Auditor {
  let routes: readonly Route[] = []
  let current = ''
  const closeAll = async (old: readonly Route[]) => {
    await Promise.all(old.map((route) => route.close()))
  }
  return {
    record: (outcome, context) => {
      let line: string | undefined
      for (const route of routes) {
        if (!route.wants(outcome)) continue
        line ??= lineOf(outcome, context)
        if (line === undefined) {
          deps.log.error('a record could not be made', { decision: outcome.check.id })
          return deps.meter.add('vigil_audit_dropped_total', 1, LOST)
        }
        route.push(line)
      }
    },
    configure: async (settings) => {
      const next = JSON.stringify(settings)
      if (next === current) return
      const old = routes
      current = next
      routes = settings.sinks.map((sink) => openRoute(sink, settings.queue, deps))
      await closeAll(old)
    },
    close: async () => {
      const old = routes
      routes = []
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
