import { IN_FLIGHT } from '../../test/bench/envoy/rounds.ts'
import { type Bar, barSpec } from './bars.ts'
import { titled } from './chart.ts'
import type { FiguresOf } from './figures.ts'
import { interval, markdownTable, number, range } from './text.ts'

type Rows = FiguresOf['envoy']['envoy']['rows']

const ALONE = 'Envoy alone'

/** Added p50 as bars, one panel for each rate, with the least and the greatest round. */
export function addedSpec(rows: Rows): object {
  const rates = rows[0]?.open.map(({ perSecond }) => perSecond) ?? []
  const panels = rates.map((rate) => barSpec(addedAt(rows, rate), `at ${number(rate)} requests/s, µs`))
  return titled({ vconcat: panels }, 'p50 that a check adds to Envoy alone', [
    'Shorter is better. Bar: median of the rounds; line: from the least round to the greatest.',
  ])
}

function addedAt(rows: Rows, rate: number): Bar[] {
  return rows.flatMap(({ row, open }) =>
    open.flatMap(({ perSecond, addedP50Us }) => {
      if (perSecond !== rate || addedP50Us === undefined) return []
      const { median, min, max } = addedP50Us
      return [{ row, value: median, low: min, high: max, text: number(median) }]
    }),
  )
}

/** The closed loop. */
export function throughputTable(rows: Rows): string {
  return markdownTable(
    [
      `through Envoy, ${IN_FLIGHT} in flight`,
      'requests/s (range)',
      'to empty [95 %]',
      'CPU of Envoy, µs',
      'of what it asks, µs',
    ],
    rows.map(({ row, perSecond, ratio: to, cpuUs }) => [
      row,
      `${number(perSecond.median)} (${range(perSecond)})`,
      row === ALONE ? '' : interval(to),
      number(cpuUs.envoy),
      row === ALONE ? '' : number(cpuUs.asked),
    ]),
  )
}

/** The open loops. */
export function latencyTable(rows: Rows): string {
  return markdownTable(
    [
      'through Envoy',
      'requests/s',
      'p50, µs',
      'p99, µs',
      'added p50 (range)',
      'added p99',
      'added p50 to empty [95 %]',
    ],
    (rows[0]?.open ?? []).flatMap(({ perSecond }) => rows.map((row) => latencyRow(row, perSecond))),
  )
}

function latencyRow({ row, open }: Rows[number], rate: number): string[] {
  const found = open.find(({ perSecond }) => perSecond === rate)
  if (found === undefined) throw new Error(`${row} was not measured at ${rate}/s`)
  if (found.isOverloaded) return [row, number(rate), 'overloaded', '', '', '', '']
  const { p50Us, p99Us, addedP50Us, addedP99Us, addedRatio } = found
  return [
    row,
    number(rate),
    number(p50Us.median),
    number(p99Us.median),
    addedP50Us === undefined ? '' : `${number(addedP50Us.median)} (${range(addedP50Us)})`,
    addedP99Us === undefined ? '' : number(addedP99Us.median),
    addedRatio === undefined ? '' : interval(addedRatio),
  ]
}
