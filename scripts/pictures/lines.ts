import type { Series } from '../../test/bench/growth/curves.ts'
import { COLOURS } from './chart.ts'

/** One of the axes side by side: which figure of the points, and how it is called. */
export interface Panel {
  readonly figure: string
  /** With its unit. */
  readonly title: string
  /** What is shown is the figure by this; absent: 1. */
  readonly unit?: number
  readonly isLog?: true
  /** Absent: all series that have the figure. */
  readonly only?: readonly string[]
}

export interface Axis {
  readonly title: string
  readonly isLog: boolean
}

const WIDTH = 300
const HEIGHT = 210

/** Lines through medians with the least and the greatest round as a bar, one panel beside the other, one legend below. */
export function lineSpec(
  series: readonly Series[],
  x: Axis,
  panels: readonly Panel[],
  names: readonly string[],
): object {
  const drawn = names.filter((name) => series.some((one) => one.name === name))
  const scale = { domain: drawn, range: drawn.map(lineColour) }
  const legend = drawn.length > 1 ? { symbolOpacity: 1 } : null
  return {
    hconcat: panels.map((panel) => panelSpec(series, x, panel, { scale, legend })),
    spacing: 36,
    resolve: { scale: { color: 'shared' } },
  }
}

/** The same for the same in every picture: grey is what nothing is better than, then the store that is nearer. */
function lineColour(name: string): string {
  const [grey, blue, orange, green] = COLOURS
  if (/empty/.test(name)) return grey
  if (/habits/.test(name)) return green
  return /Redis|every request/.test(name) ? orange : blue
}

function panelSpec(series: readonly Series[], x: Axis, panel: Panel, color: object): object {
  const values = pointsOf(series, panel)
  const ticks = [...new Set(values.map((value) => value.x))]
  const isCrowded = !x.isLog && ticks.length > 8
  const shared = {
    x: {
      field: 'x',
      type: 'quantitative',
      title: x.title,
      scale: { ...(x.isLog ? { type: 'log' } : { zero: false }), nice: false, padding: 12 },
      axis: {
        grid: false,
        format: '~s',
        ...(isCrowded ? {} : { values: x.isLog ? powersIn(ticks) : ticks }),
      },
    },
    color: { field: 'name', type: 'nominal', title: null, ...color },
  }
  const y = {
    type: 'quantitative',
    title: panel.title,
    scale: panel.isLog ? { type: 'log', nice: false, padding: 10 } : { zero: true },
    axis: { format: ',~f', tickCount: 5 },
  }
  return {
    width: WIDTH,
    height: HEIGHT,
    data: { values },
    layer: [
      {
        mark: { type: 'rule', opacity: 0.45 },
        encoding: { ...shared, y: { ...y, field: 'low' }, y2: { field: 'high' } },
      },
      {
        mark: { type: 'line', point: { size: 40, opacity: 1 }, strokeWidth: 2 },
        encoding: { ...shared, y: { ...y, field: 'y' } },
      },
    ],
  }
}

/** Powers of ten from the least to the greatest. */
const powersIn = (ticks: readonly number[]): number[] => {
  const [least, most] = [
    Math.floor(Math.log10(Math.min(...ticks))),
    Math.ceil(Math.log10(Math.max(...ticks))),
  ]
  return Array.from({ length: most - least + 1 }, (_, i) => 10 ** (least + i))
}

function pointsOf(series: readonly Series[], { figure, unit = 1, only }: Panel) {
  return series
    .filter(({ name }) => only?.includes(name) ?? true)
    .flatMap(({ name, points }) =>
      points.flatMap(({ x, figures }) => {
        const found = figures[figure]
        if (found === undefined) return []
        return [{ name, x, y: found.median / unit, low: found.min / unit, high: found.max / unit }]
      }),
    )
}
