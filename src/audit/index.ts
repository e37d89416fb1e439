import type { AuditSettings } from '../config/schema/audit.ts'
import type { Check, Outcome } from '../model.ts'
import { type RecordContext, toRecord } from './record.ts'
import { openRoute, openSink, type Route, type RouteDeps } from './route.ts'

export interface Auditor {
  /**
   * With `audit.required`, false while a sink is full or broken, so that nothing may be decided. A place is kept for the
   * record of a check that was admitted: it must be recorded, however it ends.
   */
  admit(check: Check): boolean
  /** Queues the record of one check; never throws, never waits. */
  record(outcome: Outcome, context: RecordContext): void
  /** Takes over changed settings: new sinks are opened, old ones are flushed and closed. */
  configure(settings: AuditSettings): Promise<void>
  close(): Promise<void>
}

export function createAuditor(deps: RouteDeps): Auditor {
  let routes: readonly Route[] = []
  let current = ''
  let isRequired = false
  let admitted = new WeakSet<Check>()
  let awaited = 0
  const closeAll = async (old: readonly Route[]) => {
    await Promise.all(old.map((route) => route.close()))
  }
  return {
    admit: (check) => {
      if (!isRequired) return true
      if (!routes.every((route) => route.hasRoomFor(awaited + 1))) return false
      admitted.add(check)
      awaited++
      return true
    },
    record: (outcome, context) => {
      if (isRequired && admitted.delete(outcome.check)) awaited--
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
      routes = settings.sinks.map((sink) => openRoute(sink, settings.queue, deps, () => openSink(sink, deps)))
      isRequired = settings.required
      admitted = new WeakSet()
      awaited = 0
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
