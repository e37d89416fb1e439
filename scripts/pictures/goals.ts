import type { Goal } from '../../test/bench/verdict.ts'
import { markdownTable } from './text.ts'

/** Goals that are read together. */
interface Group {
  readonly title: string
  readonly pattern: RegExp
  /** Names are `ROW: WHAT`, so that each row has a line and each what a column. */
  readonly isGrid?: true
}

/** In the order in which readers ask; no name fits two. */
const GROUPS: readonly Group[] = [
  { title: 'Throughput of one core', pattern: /: checks\/s to/, isGrid: true },
  { title: 'Latency', pattern: /: p(50|99) at/, isGrid: true },
  { title: 'Through Envoy', pattern: /: added p50 at/, isGrid: true },
  { title: 'Rules', pattern: /rules/ },
  { title: 'Memory and start', pattern: /RSS|start/ },
]

const COUNTED = [
  ['met', 'met'],
  ['NOT MET', 'not met'],
  ['in doubt', 'in doubt'],
  ['not measured', 'not measured'],
] as const

/** How many lines are met, in one sentence. */
export function countSentence(goals: readonly Goal[]): string {
  const parts = COUNTED.flatMap(([verdict, words]) => {
    const count = goals.filter((goal) => goal.verdict === verdict).length
    return count === 0 && verdict !== 'met' ? [] : [`${count} ${words}`]
  })
  return `**Of ${goals.length} lines: ${parts.join(', ')}.**`
}

/** A table for each group that was measured. @throws when a goal belongs to none */
export function goalTables(goals: readonly Goal[]): string[] {
  const measured = goals.filter(({ verdict }) => verdict !== 'not measured')
  const byGroup = Map.groupBy(measured, ({ name }) => groupOf(name))
  return GROUPS.flatMap((group) => {
    const own = byGroup.get(group)
    return own === undefined ? [] : [tableOf(group, own)]
  })
}

function groupOf(name: string): Group {
  const found = GROUPS.find(({ pattern }) => pattern.test(name))
  if (found === undefined) throw new Error(`no group of the summary takes the goal "${name}"`)
  return found
}

const tableOf = ({ title, isGrid }: Group, goals: readonly Goal[]): string =>
  `**${title}**\n\n${isGrid ? gridOf(goals) : listOf(goals)}`

const verdictOf = ({ verdict, by }: Goal): string => {
  if (verdict === 'in doubt') return verdict
  return `**${verdict}**${by === undefined ? '' : ` by ${by}`}`
}

const listOf = (goals: readonly Goal[]): string =>
  markdownTable(
    ['held to', 'line', 'measured', ''],
    goals.map((goal) => [goal.name, goal.goal, goal.measured, verdictOf(goal)]),
  )

/** Each row a line; a column tells its line once where all of it has the same. */
function gridOf(goals: readonly Goal[]): string {
  const cells = goals.map((goal) => {
    const [row = '', what = ''] = goal.name.split(': ')
    return { row, what, goal }
  })
  const rows = [...new Set(cells.map(({ row }) => row))]
  const columns = [...Map.groupBy(cells, ({ what }) => what)].map(([what, own]) => {
    const lines = new Set(own.map(({ goal }) => goal.goal))
    return { what, line: lines.size === 1 ? [...lines].join() : undefined, own }
  })
  return markdownTable(
    ['', ...columns.map(({ what, line }) => (line === undefined ? what : `${what} (${line})`))],
    rows.map((row) => [
      row,
      ...columns.map(({ own, line }) => {
        const found = own.find((cell) => cell.row === row)?.goal
        if (found === undefined) return ''
        return `${found.measured}${line === undefined ? ` (${found.goal})` : ''} ${verdictOf(found)}`
      }),
    ]),
  )
}
