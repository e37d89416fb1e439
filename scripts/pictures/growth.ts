import type { CurveName, Series } from '../../test/bench/growth/curves.ts'
import type { Axis, Panel } from './lines.ts'
import { number, ratio } from './text.ts'

/** How a curve is drawn and told. */
export interface Curve {
  readonly name: CurveName
  readonly title: string
  readonly x: Axis
  readonly panels: readonly Panel[]
  readonly names: readonly string[]
  /** Why it grows as it does, in a sentence, with what was measured in it. */
  explain(series: readonly Series[]): string
}

const EMPTY = 'empty grpc-js handler'
const MEMORY = 'Vigil, memory store'
export const REDIS = 'Vigil, Redis'
export const FULL_HABITS = 'Vigil, Redis, full habits'
const MIXED = 'as most policies are'
const ALL = 'all for every request'

const CPU: Panel = { figure: 'cpuUs', title: 'CPU of a check, µs' }

export const CURVE_PICTURES: readonly Curve[] = [
  {
    name: 'identities',
    title: 'Bytes for each identity and CPU of a check, by the number of identities',
    x: { title: 'identities', isLog: true },
    panels: [{ figure: 'bytesPerIdentity', title: 'bytes of the store for each' }, CPU],
    names: [MEMORY, REDIS, FULL_HABITS],
    explain: (series) =>
      `**O(1)**: state is found by a hash of its key, and a check reads only what is its own. Measured, from ${ends(series, MEMORY)} ` +
      `identities a check of one of them, drawn evenly, costs ${times(series, MEMORY, 'cpuUs')} with the memory store and ` +
      `${times(series, REDIS, 'cpuUs')} with Redis: what changes is how much of the whole the processor’s caches hold. Each takes ` +
      `${last(series, MEMORY, 'bytesPerIdentity')} and ${last(series, REDIS, 'bytesPerIdentity')} bytes, and ` +
      `${last(series, FULL_HABITS, 'bytesPerIdentity')} in Redis once its habits are as many as are kept. Memory is taken in blocks, which is ` +
      `most of it while there are few.`,
  },
  {
    name: 'rules',
    title: 'CPU of a check, by the number of rules',
    x: { title: 'rules', isLog: true },
    panels: [CPU],
    names: [MIXED, ALL],
    explain: (series) =>
      `**O(rules that may match)**: the index leaves out those for another action, sensitivity or tenant, so that a check looks at its own ` +
      `few. Measured, ${lastX(series, MIXED)} rules cost ${ratio(betweenX(series, MIXED, 10))} times as much as 10. Rules that concern every ` +
      `request are all evaluated, **O(rules)**: ${slope(series, ALL)} µs for each, ${ratio(betweenX(series, ALL, 10))} times as much.`,
  },
  {
    name: 'in-flight',
    title: 'Checks per second and latency, by checks in flight',
    x: { title: 'checks in flight', isLog: true },
    panels: [
      { figure: 'perSecond', title: 'checks/s of one core' },
      { figure: 'p99Us', title: 'p99, ms', unit: 1000, isLog: true },
    ],
    names: [EMPTY, MEMORY, REDIS],
    explain: (series) =>
      `**Throughput rises until the core is full, then only the line grows** (Little’s law: in flight = rate × time). Checks of the same ` +
      `moment share reads, writes and calls of the store, so that one of ${lastX(series, REDIS)} costs ` +
      `${ratio(change(series, REDIS, 'cpuUs'))} of what a lone one does with Redis, ${ratio(change(series, MEMORY, 'cpuUs'))} with the memory store.`,
  },
  {
    name: 'headers',
    title: 'CPU of a check, by the bytes of a request’s headers',
    x: { title: 'kilobytes of headers', isLog: false },
    panels: [CPU, { figure: 'perSecond', title: 'checks/s of one core' }],
    names: [EMPTY, MEMORY],
    explain: (series) =>
      `**O(bytes)**: every byte is received, copied and looked at once. Measured, ${slope(series, MEMORY)} µs for each kilobyte ` +
      `(the empty handler: ${slope(series, EMPTY)} µs).`,
  },
  {
    name: 'processes',
    title: 'CPU of a check in Redis and in Vigil, by the number of Vigils that share one Redis',
    x: { title: 'Vigil processes', isLog: false },
    panels: [
      { figure: 'redisCpuUs', title: 'Redis CPU of a check, µs, 500/s each' },
      { figure: 'redisCpuUsAtFull', title: 'Redis CPU of a check, µs, all full' },
    ],
    names: [REDIS],
    explain: (series) =>
      `**O(1)**: processes share nothing but the store, and no check asks for another’s. What a check costs Redis depends on how ` +
      `many come in one call, not on who sends them. Measured, ${list(series, REDIS, 'redisCpuUsAtFull')} µs with ` +
      `${xs(series, REDIS)} busy processes, ${list(series, REDIS, 'redisCpuUs')} µs at 500 checks/s for each, where few share a call. ` +
      `The cores of this machine do not grow with the processes, so CPU tells, and checks per second do not.`,
  },
]

const pointsOf = (series: readonly Series[], name: string) =>
  series.find((one) => one.name === name)?.points ?? []

const figure = (series: readonly Series[], name: string, key: string): number[] =>
  pointsOf(series, name).map(({ figures }) => figures[key]?.median ?? Number.NaN)

/** The last point over the first. */
function change(series: readonly Series[], name: string, key: string): number {
  const all = figure(series, name, key)
  return (all.at(-1) ?? Number.NaN) / (all[0] ?? Number.NaN)
}

/** The last point over the one at this x. */
function betweenX(series: readonly Series[], name: string, x: number): number {
  const from = pointsOf(series, name).find((point) => point.x === x)
  const to = pointsOf(series, name).at(-1)
  return (to?.figures['cpuUs']?.median ?? Number.NaN) / (from?.figures['cpuUs']?.median ?? Number.NaN)
}

const times = (series: readonly Series[], name: string, key: string) =>
  `${ratio(change(series, name, key))} times as much`

const ends = (series: readonly Series[], name: string) => {
  const points = pointsOf(series, name)
  return `${number(points[0]?.x ?? Number.NaN)} to ${number(points.at(-1)?.x ?? Number.NaN)}`
}

const lastX = (series: readonly Series[], name: string) =>
  number(pointsOf(series, name).at(-1)?.x ?? Number.NaN)
const last = (series: readonly Series[], name: string, key: string) =>
  number(figure(series, name, key).at(-1) ?? Number.NaN)
const list = (series: readonly Series[], name: string, key: string) =>
  figure(series, name, key).map(number).join(', ')
const xs = (series: readonly Series[], name: string) =>
  pointsOf(series, name)
    .map(({ x }) => number(x))
    .join(', ')

/** CPU that one more of x adds, between the ends. */
function slope(series: readonly Series[], name: string): string {
  const points = pointsOf(series, name)
  const run = (points.at(-1)?.x ?? Number.NaN) - (points[0]?.x ?? Number.NaN)
  const all = figure(series, name, 'cpuUs')
  return ratio(((all.at(-1) ?? Number.NaN) - (all[0] ?? Number.NaN)) / run)
}
