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

/** Who rows are about: the colour that it has in every picture, and how the legend calls it. */
const WHO = [
  { name: 'an empty handler', color: COLOURS[0] },
  { name: 'Vigil', color: COLOURS[1] },
  { name: 'a peer that decides less', color: COLOURS[2] },
] as const

/** By the name of a row. */
export function whoOf(row: string): (typeof WHO)[number] {
  const [empty, vigil, peer] = WHO
  if (/vigil|DPoP|token/i.test(row)) return vigil
  return /empty|alone/.test(row) ? empty : peer
}

/** Room beyond the longest bar; what reaches farther is cut, as one bad round would else make all bars short. */
const ROOM = 1.35

/** The same in every panel, so that panels of one picture share it whatever rows they have. */
const COLOR = {
  field: 'who',
  type: 'nominal',
  title: null,
  scale: { domain: WHO.map(({ name }) => name), range: WHO.map(({ color }) => color) },
}

/** Horizontal bars, in the order in which they come. @param title what they are, with the unit */
export function barSpec(bars: readonly Bar[], title?: string): object {
  const rows = bars.map(({ row }) => row)
  const most = ROOM * Math.max(...bars.map(({ value }) => value))
  const values = bars.map((bar) => ({
    ...bar,
    who: whoOf(bar.row).name,
    high: Math.min(bar.high, most),
    low: Math.max(bar.low, 0),
  }))
  const x = {
    type: 'quantitative',
    title: null,
    axis: { tickCount: 6, format: ',~f' },
    scale: { domain: [0, most], nice: false },
  }
  return {
    ...(title !== undefined && { title: { text: title, fontSize: 12, frame: 'group' } }),
    width: WIDTH,
    height: { step: 26 },
    data: { values },
    encoding: {
      y: { field: 'row', type: 'nominal', title: null, sort: rows, axis: { domain: false, ticks: false } },
    },
    layer: [
      { mark: { type: 'bar', height: 16 }, encoding: { x: { ...x, field: 'value' }, color: COLOR } },
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
