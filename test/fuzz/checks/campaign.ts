/** Many cases of one seed, and what became of them. */
import fc from 'fast-check'
import { writeEntry } from './corpus.ts'
import { type Plan, planOf } from './plan.ts'
import { createStages, type Passed, runPlan } from './run.ts'

/** What was counted. All but `cases` are checks: a case has one to three. */
export interface Counts {
  cases: number
  checks: number
  /** Passed, observe mode included. */
  allowed: number
  refused: number
  /** Checks with which nothing was done. */
  clean: number
  cleanAllowed: number
  /** Of those changed, how many passed all the same. */
  changedAllowed: number
  /** Refused, the oracle was asked, and it would have let them pass: Vigil is stricter here, or worried. */
  stricter: number
  /** Allowed, and oauth4webapi was asked and says so, too. */
  seconded: number
  slowestMs: number
  /** Reasons of those, with how often. */
  readonly stricterReasons: Record<string, number>
}

export const noCounts = (): Counts => ({
  cases: 0,
  checks: 0,
  allowed: 0,
  refused: 0,
  clean: 0,
  cleanAllowed: 0,
  changedAllowed: 0,
  stricter: 0,
  seconded: 0,
  slowestMs: 0,
  stricterReasons: {},
})

export function addCounts(to: Counts, from: Counts): void {
  for (const key of [
    'cases',
    'checks',
    'allowed',
    'refused',
    'clean',
    'cleanAllowed',
    'changedAllowed',
    'stricter',
    'seconded',
  ] as const)
    to[key] += from[key]
  to.slowestMs = Math.max(to.slowestMs, from.slowestMs)
  for (const [reason, count] of Object.entries(from.stricterReasons)) {
    to.stricterReasons[reason] = (to.stricterReasons[reason] ?? 0) + count
  }
}

export interface Found {
  readonly flaw: string
  readonly seed: number
  /** Cases until it was found. */
  readonly cases: number
  /** Where it is written down. */
  readonly file: string
}

export interface Batch {
  readonly seed: number
  readonly cases: number
  /** Configurations that the cases share. */
  readonly worlds: number
  /** Absent: a failing case is written beside the others of the corpus. */
  readonly folder?: string
  readonly onCase?: () => void
}

/** So many cases of a campaign share their configurations; then come other ones. */
export const BATCH_CASES = 20_000
export const WORLDS = 32

function countStep(counts: Counts, { told, verdict, isMutated, tookMs, isSeconded }: Passed): void {
  const isPass = told?.isPass === true
  const one = isPass ? 1 : 0
  counts.checks++
  counts.seconded += isSeconded ? 1 : 0
  counts.slowestMs = Math.max(counts.slowestMs, tookMs)
  counts.allowed += one
  counts.refused += 1 - one
  counts.clean += isMutated ? 0 : 1
  counts.cleanAllowed += isMutated ? 0 : one
  counts.changedAllowed += isMutated ? one : 0
  if (isPass || told?.isReply || verdict?.mayPass !== true) return
  counts.stricter++
  const reason = told?.reasons[0] ?? 'none'
  counts.stricterReasons[reason] = (counts.stricterReasons[reason] ?? 0) + 1
}

/** Runs cases until all are run or one fails; that one is shrunk and written down. */
export async function runBatch({
  seed,
  cases,
  worlds,
  folder,
  onCase,
}: Batch): Promise<{ counts: Counts; found?: Found }> {
  const stages = createStages(seed)
  const counts = noCounts()
  let isFailed = false
  const property = fc.asyncProperty(planOf(worlds), async (plan: Plan) => {
    const passed = await runPlan(plan, await stages(plan.world))
    if (!isFailed) {
      counts.cases++
      for (const step of passed) countStep(counts, step)
      onCase?.()
    }
    const flaw = passed.at(-1)?.flaw
    if (flaw !== undefined) {
      isFailed = true
      throw new Error(flaw)
    }
  })
  const { failed, counterexample } = await fc.check(property, { seed, numRuns: cases })
  if (!failed || counterexample === null) return { counts }
  const [plan] = counterexample
  const stage = await stages(plan.world)
  const flaw = (await runPlan(plan, stage)).at(-1)?.flaw ?? 'not seen again'
  return {
    counts,
    found: { flaw, seed, cases: counts.cases, file: await writeEntry(seed, plan, stage, folder) },
  }
}
