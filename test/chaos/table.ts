import type { Row } from './campaign.ts'
import type { Counts } from './judge.ts'
import { GROUPS, type Group } from './kinds.ts'

/** Of a group that was answered in one way only, the answer; else how many in a hundred in each way. */
export function shares(counts: Counts): string {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const parts = Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([answer, count]) => (count === all ? answer : `${percent(count / all)} ${answer}`))
  return parts.join(', ')
}

/** Not all of them never reads as all, and some never as none. */
function percent(share: number): string {
  if (share < 0.01) return '< 1 %'
  return share > 0.99 ? '> 99 %' : `${Math.round(share * 100)} %`
}

export const GROUP_NAMES: Readonly<Record<Group, string>> = {
  low: 'low and medium',
  high: 'high',
  lowBound: 'low with a proof',
  highBound: 'high with a proof',
  bad: 'what may not pass',
}

/** What came of each group during the fault; groups that fared alike stand together. */
export function happened(during: Row['during']): string {
  const names = new Map<string, string[]>()
  for (const group of GROUPS) {
    const text = shares(during[group])
    names.set(text, [...(names.get(text) ?? []), GROUP_NAMES[group]])
  }
  return [...names].map(([text, groups]) => `${groups.join(', ')}: ${text}`).join('; ')
}

export const wrongOf = ({ wrong }: Row): number => Object.values(wrong).reduce((sum, count) => sum + count, 0)

export const seconds = (ms: number | undefined): string =>
  ms === undefined ? 'never' : `${(ms / 1000).toFixed(1)} s`

/** For people at a terminal: a line with figures for each fault, and below it what was promised and what happened. */
export function renderTable(rows: readonly Row[]): string {
  const head = ['fault', 'wrong allows', 'p50 ms', 'p99 ms', 'recovery', 'memory', 'verdict']
  const cells = rows.map((row) => [
    row.name,
    String(wrongOf(row)),
    row.p50Ms.toFixed(1),
    row.p99Ms.toFixed(0),
    seconds(row.recoveryMs),
    row.memoryMiB === undefined ? '' : `${row.memoryMiB} MiB`,
    row.flaws.length === 0 ? 'as promised' : 'DIFFERS',
  ])
  const widths = head.map((name, i) => Math.max(name.length, ...cells.map((line) => line[i]?.length ?? 0)))
  const line = (texts: readonly string[]) =>
    texts
      .map((text, i) =>
        i === 0 || i === head.length - 1 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0),
      )
      .join('  ')
  const told = rows.map((row, i) => [line(cells[i] ?? []), ...wordsOf(row)].join('\n'))
  return [line(head), ...told].join('\n')
}

function wordsOf(row: Row): string[] {
  return [
    `    promised: ${row.says}`,
    `    happened: ${[happened(row.during), ...row.notes].join('; ')}`,
    ...row.flaws.map((flaw) => `    FLAW: ${flaw}`),
  ]
}
