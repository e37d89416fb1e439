/** The results as text for people. */
import type { ChecksResult } from './checks/index.ts'
import type { DuplicatesResult } from './duplicates/index.ts'
import { MOST_GROWTH_PERCENT, type SoakResult, soakFlaw } from './soak/summary.ts'
import type { WireResult } from './wire/index.ts'

export interface Report {
  readonly machine: object
  readonly seed: number
  readonly checks?: ChecksResult
  readonly wire?: readonly WireResult[]
  readonly duplicates?: DuplicatesResult
  readonly soak?: readonly Omit<SoakResult, 'samples'>[]
}

const number = (value: number) => Math.round(value).toLocaleString('en-US')
const share = (part: number, whole: number) => (whole === 0 ? '-' : `${((part / whole) * 100).toFixed(1)} %`)

/** What was found, one sentence each; empty: nothing. */
export function flawsOf({ checks, wire, duplicates, soak }: Report): string[] {
  return [
    ...(checks?.found ?? []).map(
      ({ flaw, seed, cases, file }) =>
        `checks: ${flaw} (seed ${seed}, after ${cases} cases; test/corpus/${file})`,
    ),
    ...(wire ?? []).flatMap(({ transport, flaw }) =>
      flaw === undefined ? [] : `wire, ${transport}: ${flaw}`,
    ),
    ...(duplicates?.flaw === undefined ? [] : [`duplicates: ${duplicates.flaw}`]),
    ...(soak ?? []).flatMap((result) => soakFlaw(result as SoakResult) ?? []),
  ]
}

function checksText({ counts, seconds, workers }: ChecksResult): string[] {
  const {
    cases,
    checks,
    allowed,
    clean,
    cleanAllowed,
    changedAllowed,
    stricter,
    seconded,
    slowestMs,
    stricterReasons,
  } = counts
  const changed = checks - clean
  const reasons = Object.entries(stricterReasons).sort(([, a], [, b]) => b - a)
  return [
    `checks: ${number(cases)} cases with ${number(checks)} checks in ${number(seconds)} s by ${workers} workers (${number(cases / seconds)} cases/s)`,
    `  allowed ${share(allowed, checks)}; of ${number(clean)} that nothing was done to ${share(cleanAllowed, clean)}, of ${number(changed)} changed ones ${share(changedAllowed, changed)}`,
    `  refused where the oracle was asked and would not have: ${number(stricter)} (${
      reasons
        .slice(0, 6)
        .map(([reason, count]) => `${reason} ${count}`)
        .join(', ') || 'none'
    })`,
    `  ${number(seconded)} of the allowed were shown to oauth4webapi, which allows them, too`,
    `  slowest answer ${number(slowestMs)} ms`,
  ]
}

const wireText = ({
  transport,
  connections,
  answers,
  passed,
  goodChecks,
  residentMb,
  flaw,
}: WireResult): string =>
  `wire, ${transport}: ${number(connections)} connections, ${number(answers)} answers, ${number(passed)} allowed${flaw === undefined ? ' as they may' : ''}; ${goodChecks} checks in between; resident ${number(residentMb.warm)} -> ${number(residentMb.end)} MB`

const duplicatesText = ({
  processes,
  proofs,
  duplicates,
  accepted,
  acceptedTwice,
  unaccepted,
  seconds,
}: DuplicatesResult): string =>
  `duplicates: ${number(proofs)} proofs and ${number(duplicates)} duplicates at ${processes} processes in ${number(seconds)} s: ${number(accepted)} accepted, ${acceptedTwice} twice, ${unaccepted} by nobody`

const soakText = ({
  variant,
  checks,
  passed,
  seconds,
  rssMb,
  heapMb,
  handles,
}: Omit<SoakResult, 'samples'>): string =>
  `soak, ${variant}: ${number(checks)} checks (${share(passed, checks)} allowed) in ${number(seconds)} s; resident ${rssMb.second.toFixed(1)} -> ${rssMb.last.toFixed(1)} MB (${rssMb.growthPercent.toFixed(1)} %, at most ${MOST_GROWTH_PERCENT} %), heap ${heapMb.second.toFixed(1)} -> ${heapMb.last.toFixed(1)} MB, handles ${handles.second} -> ${handles.last}`

export function render(report: Report): string {
  const { checks, wire, duplicates, soak, seed } = report
  const flaws = flawsOf(report)
  return [
    `seed ${seed}`,
    ...(checks === undefined ? [] : checksText(checks)),
    ...(wire ?? []).map(wireText),
    ...(duplicates === undefined ? [] : [duplicatesText(duplicates)]),
    ...(soak ?? []).map(soakText),
    ...(flaws.length === 0 ? ['nothing was found'] : flaws.map((flaw) => `FOUND ${flaw}`)),
  ].join('\n')
}
