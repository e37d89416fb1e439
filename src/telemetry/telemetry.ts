import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Attributes, Gauge, Histogram } from '@opentelemetry/api'
import { metrics, trace } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { AlwaysOffSampler, BatchSpanProcessor, ParentBasedSampler } from '@opentelemetry/sdk-trace'
import type { Clock, Meter, OpenRecordExport, Reading, Tracing } from '../ports.ts'
import {
  COUNTERS,
  type CounterName,
  GAUGES,
  type GaugeName,
  HISTOGRAMS,
  type HistogramName,
} from './metrics.ts'
import { exporterTo, type OtlpTarget, openRecordExport, RESOURCE } from './otlp.ts'
import { Readings } from './readings.ts'
import { Tally } from './tally.ts'
import { createTracing } from './traces.ts'

export interface Telemetry {
  readonly meter: Meter
  /** Runs whenever somebody collects the metrics, before their values are read. */
  onCollect(act: () => void): void
  /** What holds at the moment of a collection; replaces what was said before. */
  onRead(read: () => readonly Reading[]): void
  /** Answers GET /metrics in the Prometheus text format. */
  serveMetrics(request: IncomingMessage, response: ServerResponse): void
  /** Sends records to the collector; absent where none is configured. */
  readonly openExport?: OpenRecordExport | undefined
  /** Absent where traces are off: then a check costs nothing for them. */
  readonly tracing?: Tracing | undefined
  close(): Promise<void>
}

export interface TelemetryOptions {
  readonly clock?: Clock
  readonly otlp?: Collector | undefined
}

export interface Collector extends OtlpTarget {
  /** Of so many checks in a second spans go there, too; 0: of none. */
  readonly tracesPerSecond: number
  /** Metrics go there every so many seconds; 0: never. */
  readonly metricsSeconds: number
}

/** Upper bounds in seconds: a decision takes tens of microseconds, a store trip milliseconds, a deadline 150 ms. */
const BUCKETS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.5, 1]

/**
 * OpenTelemetry metrics on a Prometheus endpoint, and to a collector what the settings send there; else traces and logs
 * follow the standard OTEL_* variables when set.
 */
export function startTelemetry({ clock, otlp }: TelemetryOptions = {}): Telemetry {
  // Without these the SDK would send traces and logs to a collector that nobody asked for.
  process.env['OTEL_TRACES_EXPORTER'] ??= 'none'
  process.env['OTEL_LOGS_EXPORTER'] ??= 'none'
  const readings = new Readings(clock)
  const metricProducers = [readings]
  const exporter = new PrometheusExporter({
    preventServerStart: true,
    appendTimestamp: false,
    metricProducers,
  })
  const hasTraces = clock !== undefined && otlp !== undefined && otlp.tracesPerSecond > 0
  const sdk = new NodeSDK({
    resource: RESOURCE,
    metricReaders: [exporter, ...metricsTo(otlp, readings)],
    autoDetectResources: false,
    instrumentations: [],
    ...(hasTraces ? spansTo(otlp) : {}),
  })
  sdk.start()
  const collecting: (() => void)[] = []
  return {
    meter: createMeter(() => {
      for (const act of collecting) act()
    }),
    onCollect: (act) => void collecting.push(act),
    onRead: (read) => readings.from(read),
    serveMetrics: (request, response) => exporter.getMetricsRequestHandler(request, response),
    openExport: otlp === undefined ? undefined : openRecordExport(otlp),
    tracing: hasTraces ? createTracing(trace.getTracer('vigil'), clock, otlp.tracesPerSecond) : undefined,
    close: () => sdk.shutdown(),
  }
}

function metricsTo(otlp: Collector | undefined, readings: Readings): PeriodicExportingMetricReader[] {
  if (otlp === undefined || otlp.metricsSeconds === 0) return []
  const exportIntervalMillis = otlp.metricsSeconds * 1000
  const exporter = new OTLPMetricExporter(exporterTo(otlp, 'metrics'))
  // The reader refuses a timeout that is longer than its interval.
  const exportTimeoutMillis = Math.min(otlp.timeoutMs, exportIntervalMillis)
  const times = { exportIntervalMillis, exportTimeoutMillis }
  return [new PeriodicExportingMetricReader({ exporter, metricProducers: [readings], ...times })]
}

/** Seven for a check: what comes faster than the collector takes it is dropped by OpenTelemetry. */
const MOST_SPANS = 16_384

/** No span begins a trace: which requests are traced is for those in front of Vigil to say. */
const spansTo = (otlp: OtlpTarget) => ({
  sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }),
  spanProcessors: [
    new BatchSpanProcessor({
      exporter: new OTLPTraceExporter(exporterTo(otlp, 'traces')),
      maxQueueSize: MOST_SPANS,
    }),
  ],
})

function createMeter(onCollect: () => void): Meter {
  const otel = metrics.getMeter('vigil')
  const counters = new Map<CounterName, Tally>()
  for (const [name, { help, labels }] of Object.entries(COUNTERS)) {
    const tally = new Tally(labels)
    counters.set(name as CounterName, tally)
    const counter = otel.createObservableCounter(name, { description: help })
    counter.addCallback((result) => tally.tell(result))
    // All callbacks run before any value is read, and one of the counters is enough to be called once.
    if (counters.size === 1) otel.addBatchObservableCallback(onCollect, [counter])
  }
  const histograms = new Map<HistogramName, Histogram<Attributes>>()
  for (const [name, { help, unit }] of Object.entries(HISTOGRAMS)) {
    const options = { description: help, unit, advice: { explicitBucketBoundaries: BUCKETS } }
    histograms.set(name as HistogramName, otel.createHistogram(name, options))
  }
  const gauges = new Map<GaugeName, Gauge<Attributes>>()
  for (const [name, { help }] of Object.entries(GAUGES)) {
    gauges.set(name as GaugeName, otel.createGauge(name, { description: help }))
  }
  return {
    add: (name, value, labels) => counters.get(name)?.add(value, labels),
    record: (name, value, labels) => histograms.get(name)?.record(value, labels),
    set: (name, value, labels) => gauges.get(name)?.record(value, labels),
  }
}
