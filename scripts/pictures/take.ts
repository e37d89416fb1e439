import type { FiguresName } from './figures.ts'

type Json = Readonly<Record<string, unknown>>

/** A file of `docs/figures`. */
export interface Taken {
  readonly name: FiguresName
  readonly figures: Json
}

/**
 * What the docs keep of a report: all but single rounds, and numbers to four digits that count. Of curves each has a file, because
 * a run may measure one alone.
 * @throws with a sentence when it is no report, or one of a quick run
 */
export function taken(report: unknown): Taken[] {
  const own = (typeof report === 'object' && report !== null ? report : {}) as Json
  const { machine, isQuick, growth } = own
  const isReport = machine !== undefined && ['envoy', 'growth', 'grpc'].some((part) => part in own)
  if (!isReport) throw new Error('no report of a benchmark: give what it wrote with --json')
  if (isQuick !== false) throw new Error('a quick run is no figure for the docs: run it without --quick')
  if (growth === undefined) {
    return [{ name: 'envoy' in own ? 'envoy' : 'bench', figures: kept(own) as Json }]
  }
  return Object.entries(growth as Json).map(([curve, series]) => ({
    name: `growth-${curve}` as FiguresName,
    figures: kept({ machine, isQuick, series }) as Json,
  }))
}

function kept(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? value : Number(value.toPrecision(4))
  if (Array.isArray(value)) return value.map(kept)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'rounds')
      .map(([key, own]) => [key, kept(own)]),
  )
}
