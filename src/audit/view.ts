import type { AuditSettings, SinkSettings } from '../config/schema/audit.ts'
import type { Outcome } from '../model.ts'
import { disguised } from './disguised.ts'
import { ocsfOf } from './ocsf.ts'
import { createDisguise, type Naming } from './pseudonyms.ts'
import { type AuditRecord, type RecordContext, toRecord } from './record.ts'
import { openRoute, openSink, type Route, type RouteDeps } from './route.ts'

/** Sinks that show a record in the same way: its line is made once for all of them, and only if one wants it. */
export interface View {
  /** @returns false when the outcome cannot be told */
  record(outcome: Outcome, context: RecordContext): boolean
  hasRoomFor(more: number): boolean
  close(): Promise<void>
}

/** @throws when a sink cannot be made; then none stays open */
export function openViews({ sinks, queue }: AuditSettings, naming: Naming, deps: RouteDeps): View[] {
  const opened: Route[] = []
  const open = (sink: SinkSettings): Route => {
    const route = openRoute(sink, queue, deps, () => openSink(sink, deps))
    opened.push(route)
    return route
  }
  try {
    return Object.values(Object.groupBy(sinks, wayOf)).flatMap((alike) => {
      const [first] = alike ?? []
      return alike === undefined || first === undefined
        ? []
        : [createView(showing(first, naming), alike.map(open))]
    })
  } catch (error) {
    for (const route of opened) void route.close()
    throw error
  }
}

const wayOf = ({ format, pseudonyms, addresses }: SinkSettings): string =>
  JSON.stringify([format, [...new Set(pseudonyms)].sort(), addresses])

/** What a sink of these settings is given for a record. */
type Show = (record: AuditRecord) => object

function showing(settings: SinkSettings, naming: Naming): Show {
  const disguise = createDisguise(settings, naming)
  const format = settings.format === 'ocsf' ? ocsfOf : undefined
  return (record) => {
    const shown = disguise === undefined ? record : disguised(record, disguise)
    return format === undefined ? shown : format(shown)
  }
}

function createView(show: Show, routes: readonly Route[]): View {
  return {
    record: (outcome, context) => {
      let line: string | undefined
      for (const route of routes) {
        if (!route.wants(outcome)) continue
        line ??= lineOf(outcome, context, show)
        if (line === undefined) return false
        route.push(line)
      }
      return true
    },
    hasRoomFor: (more) => routes.every((route) => route.hasRoomFor(more)),
    close: async () => {
      await Promise.all(routes.map((route) => route.close()))
    },
  }
}

/** Undefined when the outcome cannot be told as JSON: an answer must not fall with its record. */
function lineOf(outcome: Outcome, context: RecordContext, show: Show): string | undefined {
  try {
    return JSON.stringify(show(toRecord(outcome, context)))
  } catch {
    // The caller says so and counts it as dropped.
    return undefined
  }
}
