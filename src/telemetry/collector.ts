import { trace } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { type MetricProducer, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { AlwaysOffSampler, BatchSpanProcessor, ParentBasedSampler } from '@opentelemetry/sdk-trace'
import type { Clock, OpenRecordExport, Tracing } from '../ports.ts'
import { exporterTo, type OtlpTarget, openRecordExport } from './otlp.ts'
import { RESOURCE } from './resource.ts'
import { createTracing } from './traces.ts'

export interface Collector extends OtlpTarget {
  /** Of so many checks in a second spans go there, too; 0: of none. */
  readonly tracesPerSecond: number
  /** Metrics go there every so many seconds; 0: never. */
  readonly metricsSeconds: number
}

/** What goes to a collector of OpenTelemetry. */
export interface Exports {
  readonly metricReaders: readonly PeriodicExportingMetricReader[]
  readonly openExport: OpenRecordExport
  /** Absent where traces are off. */
  readonly tracing: Tracing | undefined
  /** Sends the spans that wait; readers and record exports are closed by those who hold them. */
  close(): Promise<void>
}

/**
 * Loaded only where a collector is configured: its libraries would cost memory and time at start.
 * @param metricProducers what tells metrics beside those of OpenTelemetry
 */
export function exportTo(
  collector: Collector,
  clock: Pick<Clock, 'monotonicMs'>,
  metricProducers: MetricProducer[],
): Exports {
  const { tracesPerSecond } = collector
  const sdk = tracesPerSecond > 0 ? startTraces(collector) : undefined
  return {
    metricReaders: metricsTo(collector, metricProducers),
    openExport: openRecordExport(collector),
    tracing: sdk && createTracing(trace.getTracer('vigil'), clock, tracesPerSecond),
    close: async () => sdk?.shutdown(),
  }
}

function metricsTo(collector: Collector, metricProducers: MetricProducer[]): PeriodicExportingMetricReader[] {
  if (collector.metricsSeconds === 0) return []
  const exportIntervalMillis = collector.metricsSeconds * 1000
  const exporter = new OTLPMetricExporter(exporterTo(collector, 'metrics'))
  // The reader refuses a timeout that is longer than its interval.
  const exportTimeoutMillis = Math.min(collector.timeoutMs, exportIntervalMillis)
  const times = { exportIntervalMillis, exportTimeoutMillis }
  return [new PeriodicExportingMetricReader({ exporter, metricProducers, ...times })]
}

/** Seven for a check: what comes faster than the collector takes it is dropped by OpenTelemetry. */
const MOST_SPANS = 16_384

/** No span begins a trace: which requests are traced is for those in front of Vigil to say. */
function startTraces(target: OtlpTarget): NodeSDK {
  // Without these the SDK would send metrics and logs to a collector that nobody asked for.
  process.env['OTEL_METRICS_EXPORTER'] ??= 'none'
  process.env['OTEL_LOGS_EXPORTER'] ??= 'none'
  const exporter = new OTLPTraceExporter(exporterTo(target, 'traces'))
  const sdk = new NodeSDK({
    resource: RESOURCE,
    autoDetectResources: false,
    instrumentations: [],
    sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }),
    spanProcessors: [new BatchSpanProcessor({ exporter, maxQueueSize: MOST_SPANS })],
  })
  sdk.start()
  return sdk
}
