import { type Spread, spread } from '../stats.ts'

/** What grows. */
export const CURVES = ['identities', 'rules', 'in-flight', 'headers', 'processes'] as const
export type CurveName = (typeof CURVES)[number]

/** One measurement: figures by name, the unit in the name (`cpuUs`, `p99Us`, `perSecond`, `bytesPerIdentity`). */
export type Figures = Readonly<Record<string, number>>

export interface Point {
  readonly x: number
  readonly figures: Readonly<Record<string, Spread>>
}

export interface Series {
  readonly name: string
  readonly points: readonly Point[]
}

export type Growth = { readonly [Name in CurveName]?: readonly Series[] }

/** What is measured in turns: one point of one series. */
export interface Cell {
  readonly series: string
  readonly x: number
}

/** Cells take turns in rounds, and each round begins with another one: the machine's drift is in all of them. */
export async function inTurns<C extends Cell>(
  cells: readonly C[],
  rounds: number,
  measure: (cell: C) => Promise<Figures>,
): Promise<Series[]> {
  const found = new Map<C, Figures[]>(cells.map((cell) => [cell, []]))
  for (let round = 0; round < rounds; round++) {
    const turn = Math.floor((round * cells.length) / rounds)
    for (const cell of [...cells.slice(turn), ...cells.slice(0, turn)])
      found.get(cell)?.push(await measure(cell))
  }
  return seriesOf([...found])
}

/** Rounds as medians with their spread, points in the order of the cells. */
export function seriesOf(found: readonly (readonly [Cell, readonly Figures[]])[]): Series[] {
  const names = [...new Set(found.map(([{ series }]) => series))]
  return names.map((name) => ({
    name,
    points: found
      .filter(([{ series }]) => series === name)
      .map(([{ x }, rounds]) => ({ x, figures: spreads(rounds) })),
  }))
}

function spreads(rounds: readonly Figures[]): Record<string, Spread> {
  const names = Object.keys(rounds[0] ?? {})
  return Object.fromEntries(names.map((name) => [name, spread(rounds.map((one) => one[name] ?? Number.NaN))]))
}
