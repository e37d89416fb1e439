import type { AuditSettings, SinkSettings } from '../config/schema/audit.ts'
import type { Outcome } from '../model.ts'
import { disguised } from './disguised.ts'
import { createDisguise, type Disguise, type Naming } from './pseudonyms.ts'
import { type RecordContext, toRecord } from './record.ts'
import { openRoute, openSink, type Route, type RouteDeps } from './route.ts'

/** Sinks that show a record in the same way: its line is made once for all of them, and only if one wants it. */
export interface View {
  /** @returns false when the outcome cannot be told */
  record(outcome: Outcome, context: RecordContext): boolean
  hasRoomFor(more: number): boolean
  close(): Promise<void>
}

export function openViews({ sinks, queue }: AuditSettings, naming: Naming, deps: RouteDeps): View[] {
  return Object.values(Object.groupBy(sinks, wayOf)).flatMap((alike) => {
    const [first] = alike ?? []
    if (alike === undefined || first === undefined) return []
    const routes = alike.map((sink) => openRoute(sink, queue, deps, () => openSink(sink, deps)))
    return [createView(createDisguise(first, naming), routes)]
  })
}

const wayOf = ({ pseudonyms, addresses }: SinkSettings): string =>
  JSON.stringify([[...new Set(pseudonyms)].sort(), addresses])

function createView(disguise: Disguise | undefined, routes: readonly Route[]): View {
  return {
    record: (outcome, context) => {
      let line: string | undefined
      for (const route of routes) {
        if (!route.wants(outcome)) continue
        line ??= lineOf(outcome, context, disguise)
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
function lineOf(
  outcome: Outcome,
  context: RecordContext,
  disguise: Disguise | undefined,
): string | undefined {
  try {
    const record = toRecord(outcome, context)
    return `${JSON.stringify(disguise === undefined ? record : disguised(record, disguise))}\n`
  } catch {
    // The caller says so and counts it as dropped.
    return undefined
  }
}
