import { type HrTime, SeverityNumber } from '@opentelemetry/api'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import type { ExportedRecord, OpenRecordExport } from '../ports.ts'
import { RESOURCE } from './resource.ts'

/** Where OTLP goes: HTTP with protobuf, the protocol that every collector speaks. */
export interface OtlpTarget {
  /** Without `/v1/…`. */
  readonly url: string
  readonly timeoutMs: number
  /** What lets the collector know us; secret. */
  readonly headers: Readonly<Record<string, string>>
}

type Signal = 'logs' | 'traces' | 'metrics'

/** The options that all exporters share. */
export const exporterTo = ({ url, timeoutMs, headers }: OtlpTarget, signal: Signal) => ({
  url: `${url.replace(/\/+$/, '')}/v1/${signal}`,
  timeoutMillis: timeoutMs,
  headers: { ...headers },
})

/** One object for all records: the exporter groups them by it. */
const SCOPE = { name: 'vigil.audit' }

/**
 * Records as OTLP logs. They come in batches and are counted by whoever sends them, so the exporter is used without the
 * SDK's own queue, which drops in silence.
 */
export const openRecordExport =
  (target: OtlpTarget): OpenRecordExport =>
  () => {
    const exporter = new OTLPLogExporter(exporterTo(target, 'logs'))
    return {
      send: (records, onSettled) =>
        exporter.export(records.map(logOf), ({ code }) => onSettled(code === SUCCESS)),
      close: () => exporter.shutdown(),
    }
  }

/** `ExportResultCode.SUCCESS`. */
const SUCCESS = 0

const SEVERITIES = {
  info: { severityNumber: SeverityNumber.INFO, severityText: 'INFO' },
  warn: { severityNumber: SeverityNumber.WARN, severityText: 'WARN' },
  error: { severityNumber: SeverityNumber.ERROR, severityText: 'ERROR' },
} as const

function logOf({ atMs, line, severity, trace, id, effect }: ExportedRecord) {
  const time = hrTimeOf(atMs)
  return {
    hrTime: time,
    hrTimeObserved: time,
    ...SEVERITIES[severity],
    // Only the trace is known: Envoy made the span, and the record does not keep its id.
    ...(trace === undefined ? {} : { spanContext: { traceId: trace, spanId: '', traceFlags: 0 } }),
    eventName: 'vigil.decision',
    body: line,
    attributes: { 'vigil.decision': id, 'vigil.effect': effect },
    droppedAttributesCount: 0,
    resource: RESOURCE,
    instrumentationScope: SCOPE,
  }
}

/** OpenTelemetry's pair of seconds and nanoseconds; of a plain number it would guess the clock. */
export const hrTimeOf = (ms: number): HrTime => [Math.floor(ms / 1000), Math.round((ms % 1000) * 1_000_000)]
