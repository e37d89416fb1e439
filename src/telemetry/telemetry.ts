import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Attributes, Gauge, Histogram, Meter as OtelMeter } from '@opentelemetry/api'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import type { Clock, Meter, OpenRecordExport, Reading, Tracing } from '../ports.ts'
import type { Collector } from './collector.ts'
import {
  COUNTERS,
  type CounterName,
  GAUGES,
  type GaugeName,
  HISTOGRAMS,
  type HistogramName,
} from './metrics.ts'
import { Readings } from './readings.ts'
import { RESOURCE } from './resource.ts'
import { Tally } from './tally.ts'

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
  readonly clock: Clock
  readonly otlp?: Collector | undefined
}

/** Upper bounds in seconds: a decision takes tens of microseconds, a store trip milliseconds, a deadline 150 ms. */
const BUCKETS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.5, 1]

/** OpenTelemetry metrics on a Prometheus endpoint, and to a collector what the settings send there. */
export async function startTelemetry({ clock, otlp }: TelemetryOptions): Promise<Telemetry> {
  const readings = new Readings(clock)
  const metricProducers = [readings]
  const exports =
    otlp === undefined ? undefined : (await import('./collector.ts')).exportTo(otlp, clock, metricProducers)
  const prometheus = new PrometheusExporter({
    preventServerStart: true,
    appendTimestamp: false,
    metricProducers,
  })
  const readers = [prometheus, ...(exports?.metricReaders ?? [])]
  const provider = new MeterProvider({ resource: RESOURCE, readers })
  const collecting: (() => void)[] = []
  return {
    meter: createMeter(provider.getMeter('vigil'), () => {
      for (const act of collecting) act()
    }),
    onCollect: (act) => void collecting.push(act),
    onRead: (read) => readings.from(read),
    serveMetrics: (request, response) => prometheus.getMetricsRequestHandler(request, response),
    openExport: exports?.openExport,
    tracing: exports?.tracing,
    close: async () => {
      await Promise.all([exports?.close(), provider.shutdown()])
    },
  }
}

function createMeter(otel: OtelMeter, onCollect: () => void): Meter {
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
