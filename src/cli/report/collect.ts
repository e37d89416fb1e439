import type { SkimmedRecord } from '../../audit/skim.ts'
import type { BrokenLine } from '../records/read.ts'
import { verdictOf } from '../records/verdict.ts'
import { type Cell, createCells } from './cells.ts'
import { createDecisions, type DecisionsView } from './decisions.ts'
import { effectName } from './effects.ts'
import { createIdentities, type IdentityKept } from './identities.ts'
import { createTimeline, type TimelineView } from './timeline.ts'
import type { Counted } from './top.ts'
import { createTrials, type TrialKept } from './trials.ts'

/** Everything the report tells. */
export interface Collected extends DecisionsView {
  readonly records: number
  readonly passed: number
  readonly refused: number
  /** Passed only because observe mode let it. */
  readonly observed: number
  /** Passed, and a shadow rule would have refused it. */
  readonly shadowRefused: number
  readonly degraded: number
  readonly broken: { readonly count: number; readonly first: readonly BrokenLine[] }
  readonly fromMs: number | undefined
  readonly toMs: number | undefined
  readonly timeline: TimelineView
  readonly cells: readonly Counted<Cell>[]
  readonly trials: readonly Counted<TrialKept>[]
  readonly identities: readonly Counted<IdentityKept>[]
  /** Kinds of counters that had more keys than room (top.ts). */
  readonly full: readonly string[]
}

export interface Collector {
  add(record: SkimmedRecord): void
  broken(line: BrokenLine): void
  read(): Collected
}

/** Broken lines that are named; the others are counted. */
export const MOST_BROKEN = 20

export const MOST_CELLS = 2000

/** Gathers record by record in bounded memory. */
export function createCollector(): Collector {
  const sums = { records: 0, passed: 0, refused: 0, observed: 0, shadowRefused: 0, degraded: 0 }
  const broken = { count: 0, first: [] as BrokenLine[] }
  const parts = newParts()
  return {
    add: (record) => {
      const verdict = verdictOf(record)
      const { isPassed, isObserved, due } = verdict
      const action = record.facts?.action.name ?? '(none)'
      parts.decisions.add(record, verdict, action)
      const isShadowed = parts.trials.add(record, verdict, action)
      parts.identities.add(record, isPassed, isObserved, isShadowed)
      parts.timeline.add(Date.parse(record.at), effectName(due.effect), isObserved || isShadowed)
      sums.records++
      sums[isPassed ? 'passed' : 'refused']++
      sums.observed += Number(isObserved)
      sums.shadowRefused += Number(isShadowed)
      sums.degraded += Number(due.degraded.length > 0)
    },
    broken: (line) => {
      broken.count++
      if (broken.first.length < MOST_BROKEN) broken.first.push(line)
    },
    read: () => ({ ...sums, ...readParts(parts), broken }),
  }
}

function newParts() {
  const cells = createCells(MOST_CELLS)
  return {
    cells,
    decisions: createDecisions(cells),
    trials: createTrials(cells),
    identities: createIdentities(),
    timeline: createTimeline(),
  }
}

const readParts = ({ cells, decisions, trials, identities, timeline }: ReturnType<typeof newParts>) => ({
  ...decisions.read(),
  ...timeline.span(),
  timeline: timeline.read(),
  cells: cells.list(),
  trials: trials.read(),
  identities: identities.read(),
  full: [
    ...decisions.full(),
    ...trials.full(),
    ...identities.full(),
    ...(cells.isFull ? ['combinations'] : []),
  ],
})
