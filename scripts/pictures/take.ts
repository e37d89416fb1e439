import type { FiguresName } from './figures.ts'

/** Which figures a report has, by the part that only it has. */
const PARTS: readonly (readonly [FiguresName, string])[] = [
  ['envoy', 'envoy'],
  ['growth', 'growth'],
  ['bench', 'grpc'],
]

type Json = Readonly<Record<string, unknown>>

/**
 * What the docs keep of a report: all but single rounds, and numbers to four digits that count.
 * @throws with a sentence when it is no report, or one of a quick run
 */
export function taken(report: unknown): { readonly name: FiguresName; readonly figures: Json } {
  const own = (typeof report === 'object' && report !== null ? report : {}) as Json
  const name = PARTS.find(([, part]) => part in own)?.[0]
  if (name === undefined || !('machine' in own))
    throw new Error('no report of a benchmark: give what it wrote with --json')
  if (own['isQuick'] !== false)
    throw new Error('a quick run is no figure for the docs: run it without --quick')
  return { name, figures: kept(own) as Json }
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
