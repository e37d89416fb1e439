import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Attributes, Gauge, Histogram } from '@opentelemetry/api'
import { metrics } from '@opentelemetry/api'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { NodeSDK } from '@opentelemetry/sdk-node'
import type { Meter, OpenRecordExport } from '../ports.ts'
import {
  COUNTERS,
  type CounterName,
  GAUGES,
  type GaugeName,
  HISTOGRAMS,
  type HistogramName,
} from './metrics.ts'
import { type OtlpTarget, openRecordExport, RESOURCE } from './otlp.ts'
import { Tally } from './tally.ts'

export interface Telemetry {
  readonly meter: Meter
  /** Answers GET /metrics in the Prometheus text format. */
  serveMetrics(request: IncomingMessage, response: ServerResponse): void
  /** Sends records to the collector; absent where none is configured. */
  readonly openExport?: OpenRecordExport | undefined
  close(): Promise<void>
}

export interface TelemetryOptions {
  readonly otlp?: OtlpTarget | undefined
}

/** Upper bounds in seconds: a decision takes tens of microseconds, a store trip milliseconds, a deadline 150 ms. */
const BUCKETS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.5, 1]

/** OpenTelemetry metrics on a Prometheus endpoint; traces and logs follow the standard OTEL_* variables when set. */
export function startTelemetry({ otlp }: TelemetryOptions = {}): Telemetry {
  // Without these the SDK would send traces and logs to a collector that nobody asked for.
  process.env['OTEL_TRACES_EXPORTER'] ??= 'none'
  process.env['OTEL_LOGS_EXPORTER'] ??= 'none'
  const exporter = new PrometheusExporter({ preventServerStart: true, appendTimestamp: false })
  const sdk = new NodeSDK({
    resource: RESOURCE,
    metricReaders: [exporter],
    autoDetectResources: false,
    instrumentations: [],
  })
  sdk.start()
  return {
    meter: createMeter(),
    serveMetrics: (request, response) => exporter.getMetricsRequestHandler(request, response),
    openExport: otlp === undefined ? undefined : openRecordExport(otlp),
    close: () => sdk.shutdown(),
  }
}

function createMeter(): Meter {
  const otel = metrics.getMeter('vigil')
  const counters = new Map<CounterName, Tally>()
  for (const [name, { help, labels }] of Object.entries(COUNTERS)) {
    const tally = new Tally(labels)
    counters.set(name as CounterName, tally)
    otel.createObservableCounter(name, { description: help }).addCallback((result) => tally.tell(result))
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
