import { COLOURS } from './chart.ts'

/** A bar with the least and the greatest that it may be, and a text behind it. */
export interface Bar {
  readonly row: string
  readonly value: number
  readonly low: number
  readonly high: number
  readonly text: string
}

const WIDTH = 440

/** Who a row is about, by its name: the colour that it has in every picture. */
export function colourOf(row: string): string {
  const [grey, blue, orange] = COLOURS
  if (/vigil|DPoP|token/i.test(row)) return blue
  return /empty|alone/.test(row) ? grey : orange
}

/** Room beyond the longest bar; what reaches farther is cut, as one bad round would else make all bars short. */
const ROOM = 1.35

/** Horizontal bars, in the order in which they come. */
export function barSpec(bars: readonly Bar[], title: string): object {
  const rows = bars.map(({ row }) => row)
  const most = ROOM * Math.max(...bars.map(({ value }) => value))
  const values = bars.map((bar) => ({ ...bar, high: Math.min(bar.high, most), low: Math.max(bar.low, 0) }))
  const x = {
    type: 'quantitative',
    title: null,
    axis: { tickCount: 6, format: ',~f' },
    scale: { domain: [0, most], nice: false },
  }
  return {
    title,
    width: WIDTH,
    height: { step: 26 },
    data: { values },
    encoding: {
      y: { field: 'row', type: 'nominal', title: null, sort: rows, axis: { domain: false, ticks: false } },
    },
    layer: [
      {
        mark: { type: 'bar', height: 16 },
        encoding: {
          x: { ...x, field: 'value' },
          color: {
            field: 'row',
            type: 'nominal',
            legend: null,
            scale: { domain: rows, range: rows.map(colourOf) },
          },
        },
      },
      {
        mark: { type: 'rule', color: '#57606a' },
        encoding: { x: { ...x, field: 'low' }, x2: { field: 'high' } },
      },
      {
        mark: { type: 'text', align: 'left', dx: 6, color: '#24292f', fontSize: 11 },
        encoding: { x: { ...x, field: 'high' }, text: { field: 'text' } },
      },
    ],
  }
}
