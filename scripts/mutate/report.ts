import { readFileSync, writeFileSync } from 'node:fs'
import { type Mutant, type Reason, speaksOf } from './survivors.ts'

/** The least share of mutants, in percent, that tests have to notice. */
export const LEAST_SCORE = 85

/** What came of one room. */
export interface Verdict {
  readonly room: string
  readonly isGood: boolean
  /** Percent of the mutants that a test noticed. */
  readonly score: number
  readonly counts: Readonly<Record<string, number>>
  /** Survivors that somebody has looked at, with what was found. */
  readonly explained: readonly (Mutant & { readonly why: string })[]
  readonly unexplained: readonly Mutant[]
  /** Reasons that speak of no survivor any more. */
  readonly idle: readonly Reason[]
}

interface Position {
  readonly line: number
  readonly column: number
}

/** The part of Stryker's report (mutation-testing-report-schema) that is read here. */
interface Report {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly source: string
        readonly mutants: readonly {
          readonly mutatorName: string
          readonly replacement?: string
          readonly status: string
          readonly location: { readonly start: Position; readonly end: Position }
        }[]
      }
    >
  >
}

/** All mutants in a report of Stryker, as JSON. */
export function readMutants(path: string): readonly Mutant[] {
  const { files } = JSON.parse(readFileSync(path, 'utf8')) as Report
  return Object.entries(files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split('\n')
    return mutants.map(({ mutatorName, replacement = '', status, location: { start, end } }) => {
      const first = lines[start.line - 1] ?? ''
      const isOneLine = start.line === end.line
      return {
        file,
        line: start.line,
        code: first.trim(),
        change: mutatorName,
        from: isOneLine
          ? first.slice(start.column - 1, end.column - 1)
          : `${first.slice(start.column - 1)} …`,
        to: replacement.replace(/\s+/g, ' '),
        status,
      }
    })
  })
}

const NOTICED = ['Killed', 'Timeout']
const UNNOTICED = ['Survived', 'NoCoverage']

/** Judges the mutants of a room. What does not run at all (a compile error) counts for nothing. */
export function judge(room: string, mutants: readonly Mutant[], reasons: readonly Reason[]): Verdict {
  const counts: Record<string, number> = {}
  for (const { status } of mutants) counts[status] = (counts[status] ?? 0) + 1
  const sum = (states: readonly string[]) => states.reduce((total, state) => total + (counts[state] ?? 0), 0)
  const survivors = mutants.filter(({ status }) => UNNOTICED.includes(status))
  const whyOf = (mutant: Mutant) => reasons.find((reason) => speaksOf(reason, mutant))?.why
  const unexplained = survivors.filter((mutant) => whyOf(mutant) === undefined)
  const score = (100 * sum(NOTICED)) / (sum(NOTICED) + sum(UNNOTICED))
  return {
    room,
    isGood: score >= LEAST_SCORE && unexplained.length === 0,
    score,
    counts,
    explained: survivors.flatMap((mutant) => {
      const why = whyOf(mutant)
      return why === undefined ? [] : [{ ...mutant, why }]
    }),
    unexplained,
    idle: reasons.filter((reason) => !survivors.some((mutant) => speaksOf(reason, mutant))),
  }
}

/** A few lines for the terminal. */
export function describeRun({ room, score, counts, explained, unexplained, idle }: Verdict): string {
  const states = Object.entries(counts).map(([state, count]) => `${count} ${state.toLowerCase()}`)
  return [
    `${room}: ${score.toFixed(1)} % of ${states.join(', ')}`,
    `  survivors with a reason: ${explained.length}; without: ${unexplained.length}`,
    ...unexplained.map((one) => `  ${one.file}:${one.line} ${one.change}: ${one.from}  =>  ${one.to}`),
    ...idle.map(({ file, code }) => `  a reason that is needed no more: ${file}: ${code}`),
  ].join('\n')
}

/** The same as a page. */
export function writeReport(path: string, verdict: Verdict): void {
  const row = ({ file, line, from, to }: Mutant) => `| ${file}:${line} | ${cell(from)} | ${cell(to)} |`
  const table = (mutants: readonly Mutant[]) => [
    '| where | from | to |',
    '|---|---|---|',
    ...mutants.map(row),
  ]
  const byReason = Map.groupBy(verdict.explained, ({ why }) => why)
  writeFileSync(
    path,
    [
      `# Mutants of ${verdict.room}: ${verdict.score.toFixed(1)} %`,
      JSON.stringify(verdict.counts),
      '## Survivors without a reason',
      table(verdict.unexplained).join('\n'),
      ...[...byReason].map(([why, mutants]) => `## ${why}\n\n${table(mutants).join('\n')}`),
    ].join('\n\n'),
  )
}

const cell = (code: string): string => `\`${code.replaceAll('|', '\\|').replaceAll('`', "'").slice(0, 120)}\``
