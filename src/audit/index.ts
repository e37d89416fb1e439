import type { AuditSettings } from '../config/schema/audit.ts'
import type { Check, Outcome } from '../model.ts'
import { createNaming } from './pseudonyms.ts'
import type { RecordContext } from './record.ts'
import type { RouteDeps } from './route.ts'
import { openViews, type View } from './view.ts'

export interface Auditor {
  /**
   * With `audit.required`, false while a sink is full or broken, so that nothing may be decided. A place is kept for the
   * record of a check that was admitted: it must be recorded, however it ends.
   */
  admit(check: Check): boolean
  /** Queues the record of one check; never throws, never waits. */
  record(outcome: Outcome, context: RecordContext): void
  /** Gives back the place of a check that ended without a record; nothing where it has none. */
  abandon(check: Check): void
  /**
   * Takes over changed settings: new sinks are opened, then old ones are flushed and closed, for which the promise stands.
   * @throws at once when a sink cannot be made; then nothing has changed
   */
  configure(settings: AuditSettings): Promise<void>
  close(): Promise<void>
}

export function createAuditor(deps: RouteDeps): Auditor {
  const naming = createNaming(deps.keys.pseudonym)
  let views: readonly View[] = []
  let current = ''
  let isRequired = false
  let admitted = new WeakSet<Check>()
  let awaited = 0
  const closeAll = async (old: readonly View[]) => {
    await Promise.all(old.map((view) => view.close()))
  }
  const abandon = (check: Check) => {
    if (isRequired && admitted.delete(check)) awaited--
  }
  return {
    admit: (check) => {
      if (!isRequired) return true
      if (!views.every((view) => view.hasRoomFor(awaited + 1))) return false
      admitted.add(check)
      awaited++
      return true
    },
    record: (outcome, context) => {
      abandon(outcome.check)
      if (views.every((view) => view.record(outcome, context))) return
      deps.log.error('a record could not be made', { decision: outcome.check.id })
      deps.meter.add('vigil_audit_dropped_total', 1, LOST)
    },
    abandon,
    configure: (settings) => {
      const next = JSON.stringify(settings)
      if (next === current) return Promise.resolve()
      const old = views
      views = openViews(settings, naming, deps)
      current = next
      isRequired = settings.required
      admitted = new WeakSet()
      awaited = 0
      return closeAll(old)
    },
    close: async () => {
      const old = views
      views = []
      current = ''
      await closeAll(old)
    },
  }
}

const LOST = { sink: 'all', reason: 'fault' } as const
