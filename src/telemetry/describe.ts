import { COUNTERS, GAUGES, HISTOGRAMS, READINGS } from './metrics.ts'

interface Described {
  readonly help: string
  readonly labels: readonly string[]
}

/** docs/metrics.md, from the one table of metrics. */
export function describeMetrics(): string {
  const sections = [
    ['Counters', COUNTERS],
    ['Histograms', HISTOGRAMS],
    ['Gauges', { ...GAUGES, ...READINGS }],
  ] as const
  return [
    '# Metrics',
    '',
    'Prometheus text format at `GET /metrics` of the probes listener (`probes.listen`, default `127.0.0.1:9090`).',
    'Labels are bounded: they hold names of the configuration and of the code, never a subject, token, path or host.',
    'Histograms are in seconds. A metric appears with its first value.',
    '',
    'With `telemetry.otlp.metricsSeconds` the same metrics go to a collector as well: see [telemetry](telemetry.md).',
    '',
    'This page is generated from `src/telemetry/metrics.ts`; a test compares the two.',
    '',
    ...sections.flatMap(([title, metrics]) => [`## ${title}`, '', ...table(metrics), '']),
  ].join('\n')
}

function table(metrics: Readonly<Record<string, Described>>): string[] {
  const rows = Object.entries(metrics).map(
    ([name, { help, labels }]) =>
      `| \`${name}\` | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
  )
  return ['| name | labels | what it says |', '|---|---|---|', ...rows]
}
