import {
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { readTraceParent, type TraceParent } from '../lib/trace-parent.ts'
import type { Check, Outcome } from '../model.ts'
import type { Clock, Timeline, Tracing } from '../ports.ts'
import { hrTimeOf } from './otlp.ts'

interface Mark {
  readonly stage: string
  readonly endMs: number
}

interface Traced extends Timeline {
  readonly parent: TraceParent
  readonly startMs: number
  readonly marks: readonly Mark[]
}

/**
 * A span for each check whose request is sampled by whoever called, and one for each stage in it. While a check is decided
 * only the times are noted; the spans are made after its answer.
 * @param perSecond checks at most: the flag may be the client's word, who could ask for spans of every request
 */
export function createTracing(
  tracer: Tracer,
  { monotonicMs }: Pick<Clock, 'monotonicMs'>,
  perSecond: number,
): Tracing {
  const open = new WeakMap<Check, Traced>()
  let windowMs = Number.NEGATIVE_INFINITY
  let begun = 0
  const hasRoom = (nowMs: number): boolean => {
    if (nowMs - windowMs >= 1000) {
      windowMs = nowMs
      begun = 0
    }
    return begun++ < perSecond
  }
  return {
    begin: (check) => {
      const parent = readTraceParent(check.headers.get('traceparent')?.[0])
      if (parent?.isSampled !== true) return undefined
      const startMs = monotonicMs()
      if (!hasRoom(startMs)) return undefined
      const marks: Mark[] = []
      const mark = (stage: string) => void marks.push({ stage, endMs: monotonicMs() })
      const traced: Traced = { parent, startMs, marks, mark }
      open.set(check, traced)
      return traced
    },
    end: (outcome, durationMs) => {
      const traced = open.get(outcome.check)
      if (traced !== undefined && open.delete(outcome.check)) tell(tracer, traced, outcome, durationMs)
    },
  }
}

function tell(
  tracer: Tracer,
  { parent, startMs, marks }: Traced,
  outcome: Outcome,
  durationMs: number,
): void {
  const { atMs } = outcome.check
  const { traceId, spanId } = parent
  const caller = { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true }
  const whole = tracer.startSpan(
    'vigil.check',
    { kind: SpanKind.SERVER, startTime: hrTimeOf(atMs), attributes: attributesOf(outcome) },
    trace.setSpanContext(ROOT_CONTEXT, caller),
  )
  tellStages(tracer, whole, atMs - startMs, startMs, marks)
  if (outcome.decision.effect === 'unavailable')
    whole.setStatus({ code: SpanStatusCode.ERROR, message: outcome.decision.reasons[0] })
  whole.end(hrTimeOf(atMs + durationMs))
}

/** @param offset from the monotonic clock to the time of day */
function tellStages(
  tracer: Tracer,
  whole: Span,
  offset: number,
  startMs: number,
  marks: readonly Mark[],
): void {
  const inside = trace.setSpan(ROOT_CONTEXT, whole)
  let beganMs = startMs
  for (const { stage, endMs } of marks) {
    const span = tracer.startSpan(`vigil.${stage}`, { startTime: hrTimeOf(offset + beganMs) }, inside)
    span.end(hrTimeOf(offset + endMs))
    beganMs = endMs
  }
}

/** The bounded words that metrics have, too, and the id under which all else is found; nothing of who it was. */
function attributesOf({ check, stages, decision }: Outcome) {
  return {
    'vigil.decision': check.id,
    'vigil.effect': decision.effect,
    'vigil.reason': decision.reasons[0],
    'vigil.action': stages?.facts.action.name ?? 'none',
    'vigil.entrypoint': stages?.entrypoint.name ?? 'none',
    'vigil.degraded': decision.degraded.length > 0,
  }
}
