import type { Machine } from '../machine.ts'
import { table } from '../stats.ts'
import { CURVES, type CurveName, type Growth, type Series } from './curves.ts'

/** What `--json` writes. Curves that were not asked for are absent. */
export interface GrowthReport {
  readonly machine: Machine
  readonly isQuick: boolean
  readonly growth: Growth
}

/** Unit of what grows, as the first column is called. */
const UNITS: Record<CurveName, string> = {
  identities: 'identities',
  rules: 'rules',
  'in-flight': 'in flight',
  headers: 'KB of headers',
  processes: 'processes',
}

export const growthTables = (growth: Growth): string =>
  CURVES.flatMap((name) => (growth[name] ?? []).map((series) => seriesTable(UNITS[name], series))).join(
    '\n\n',
  )

function seriesTable(unit: string, { name, points }: Series): string {
  const figures = Object.keys(points[0]?.figures ?? {})
  return table([
    [`${name}: ${unit}`, ...figures.map((figure) => `${figure} (least-most)`)],
    ...points.map(({ x, figures: own }) => [
      x.toLocaleString('en'),
      ...figures.map((figure) => {
        const { median, min, max } = own[figure] ?? { median: Number.NaN, min: Number.NaN, max: Number.NaN }
        return `${short(median)} (${short(min)}-${short(max)})`
      }),
    ]),
  ])
}

/** Three figures that count, at least. */
const short = (value: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 1 : 0 })
