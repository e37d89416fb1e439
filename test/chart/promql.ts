import { COUNTERS, GAUGES, HISTOGRAMS, READINGS } from '../../src/telemetry/metrics.ts'

/** Labels that Prometheus adds when it scrapes in Kubernetes. */
const OF_TARGET = ['namespace', 'job', 'pod', 'instance']

/** Every series that the service exports, under the names that Prometheus knows, with its labels. */
export const SERIES: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ...Object.entries({ ...COUNTERS, ...GAUGES, ...READINGS }).map(
    ([name, { labels }]) => [name, labels] as [string, readonly string[]],
  ),
  ...Object.entries(HISTOGRAMS).flatMap(([name, { labels }]): [string, readonly string[]][] => [
    [`${name}_bucket`, [...labels, 'le']],
    [`${name}_count`, labels],
    [`${name}_sum`, labels],
  ]),
])

/** Names of the service's series in an expression; names that recording rules make hold a colon and are left out. */
export function seriesOf(expr: string): string[] {
  return [...new Set([...expr.matchAll(/(?<![\w:])vigil_\w+(?!\w*:)/g)].map(([name]) => name))]
}

/** Label names between `by (…)`, `on (…)` and `group_left (…)`. */
export function groupedBy(expr: string): string[] {
  const lists = [...expr.matchAll(/\b(?:by|on|group_left|group_right)\s*\(([^)]*)\)/g)]
  return [
    ...new Set(lists.flatMap((match) => (match[1] ?? '').split(',').map((label) => label.trim()))),
  ].filter((label) => label !== '')
}

/** What an expression reads and the service does not export: nothing, if all is well. */
export function unknownIn(expr: string, legend = ''): string[] {
  const names = seriesOf(expr)
  const unknown = names.filter((name) => !SERIES.has(name))
  const known = [...OF_TARGET, ...names.flatMap((name) => SERIES.get(name) ?? [])]
  for (const [, name = '', matchers = ''] of expr.matchAll(/(?<![\w:])(vigil_\w+)\{([^}]*)\}/g)) {
    const allowed = [...OF_TARGET, ...(SERIES.get(name) ?? [])]
    const used = [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map((match) => match[1] ?? '')
    unknown.push(...used.filter((label) => !allowed.includes(label)).map((label) => `${name}{${label}}`))
  }
  const shown = [...legend.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map((match) => match[1] ?? '')
  unknown.push(...[...groupedBy(expr), ...shown].filter((label) => !known.includes(label)))
  return unknown
}
