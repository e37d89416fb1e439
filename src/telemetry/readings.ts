import { type HrTime, ValueType } from '@opentelemetry/api'
import { emptyResource } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  type CollectionResult,
  DataPointType,
  type GaugeMetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics'
import type { Clock, Reading } from '../ports.ts'
import { READINGS, type ReadingName } from './metrics.ts'

/**
 * Gauges that are asked for at each collection. OpenTelemetry's own observable gauges tell a label once observed for ever,
 * so that an old configuration or a removed issuer would look as if it were still there.
 */
export class Readings implements MetricProducer {
  readonly #clock: Pick<Clock, 'nowMs'>
  #read: () => readonly Reading[] = () => []

  /** @param clock for a collector, which wants to know when; whoever scrapes has his own */
  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock
  }

  /** From now on these are the readings. */
  from(read: () => readonly Reading[]): void {
    this.#read = read
  }

  collect(): Promise<CollectionResult> {
    const now = timeOf(this.#clock.nowMs())
    try {
      return Promise.resolve(collected(this.#read(), now, []))
    } catch (error) {
      // The other metrics are told all the same.
      return Promise.resolve(collected([], now, [error]))
    }
  }
}

const timeOf = (ms: number): HrTime => [Math.floor(ms / 1000), (ms % 1000) * 1e6]

function collected(readings: readonly Reading[], now: HrTime, errors: unknown[]): CollectionResult {
  const names = Object.keys(READINGS) as ReadingName[]
  const metrics = names
    .map((name) =>
      gauge(
        name,
        readings.filter((reading) => reading.name === name),
        now,
      ),
    )
    .filter(({ dataPoints }) => dataPoints.length > 0)
  const scopeMetrics = [{ scope: { name: 'vigil' }, metrics }]
  return { resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors }
}

function gauge(name: ReadingName, readings: readonly Reading[], now: HrTime): GaugeMetricData {
  return {
    descriptor: { name, description: READINGS[name].help, unit: '', valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.GAUGE,
    dataPoints: readings.map(({ value, labels }) => ({
      attributes: labels,
      value,
      startTime: now,
      endTime: now,
    })),
  }
}
