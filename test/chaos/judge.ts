import { type AnswerKind, GROUPS, type Group, KINDS } from './kinds.ts'
import type { Duplicate, Reached } from './load/app.ts'
import type { Promised } from './promise.ts'
import type { Sample } from './world/children.ts'

/** When the fault began and ended, on the clock of the samples. */
export interface Marks {
  readonly startMs: number
  /** From here on it is felt everywhere. */
  readonly feltMs: number
  readonly stopMs: number
}

export type Counts = Readonly<Partial<Record<AnswerKind, number>>>

/** What was seen of one fault, and whether it is what was promised. */
export interface Verdict {
  readonly during: Readonly<Record<Group, Counts>>
  /** The same, once the fault was felt everywhere. */
  readonly settled: Readonly<Record<Group, Counts>>
  /** Requests that must never reach the application and did, by kind. */
  readonly wrong: Readonly<Record<string, number>>
  /** Proofs that reached it once more, within what is promised. */
  readonly repeats: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** From the end of the fault until all that may pass passes again; undefined: it did not. */
  readonly recoveryMs: number | undefined
  /** What differs from the promise; none: it was kept. */
  readonly flaws: readonly string[]
}

/** Answers that are none of those promised: a busy machine is late now and then, which weighs more among few. */
const STRAY_SHARE = 0.03
const STRAYS = 5
/** Of those that must be so once the fault is felt. */
const MUST_SHARE = 0.9
const BUCKET_MS = 100
/** All is well again when it is for so many buckets. */
const WELL_BUCKETS = 5
const WELL_SHARE = 0.97
/** Of what is sent, so much must be answered already to be judged. */
const TOLD_SHARE = 0.98

const HIGH_METHOD = 'POST'
const groupOf = new Map<string, Group>(KINDS.map(({ name, group }) => [name, group]))

/** Holds what happened against what was promised. Pure. */
export function judge(
  promise: Promised,
  samples: readonly Sample[],
  marks: Marks,
  reached: Reached,
  perSecond: number,
): Verdict {
  const { startMs, feltMs, stopMs } = marks
  const inFault = samples.filter(({ dueMs }) => dueMs >= startMs && dueMs < stopMs)
  const during = countByGroup(inFault)
  const settled = countByGroup(inFault.filter(({ dueMs }) => dueMs >= feltMs))
  const { wrong, repeats } = wrongOnes(promise, reached, marks)
  const recoveryMs = recoveryOf(samples, stopMs, perSecond)
  const latencies = inFault.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b)
  const at = (q: number) => latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))] ?? 0
  const flaws = [
    ...Object.entries(wrong).map(([kind, count]) => `${count} WRONG ALLOWS: ${kind}`),
    ...GROUPS.flatMap((group) => flawsOf(group, promise, during[group], settled[group])),
    ...(recoveryMs === undefined ? ['it did not recover'] : []),
  ]
  return { during, settled, wrong, repeats, p50Ms: at(0.5), p99Ms: at(0.99), recoveryMs, flaws }
}

function flawsOf(group: Group, promise: Promised, during: Counts, settled: Counts): string[] {
  const { may, must } = promise[group]
  const total = sum(during)
  if (total === 0) return [`${group}: nothing was asked`]
  const flaws: string[] = []
  const strays = Object.entries(during).filter(([answer]) => !may.includes(answer as AnswerKind))
  const strayed = strays.reduce((all, [, count]) => all + count, 0)
  const allowed = promise.isExact ? 0 : Math.max(STRAYS, total * STRAY_SHARE)
  if (strayed > allowed)
    flaws.push(`${group}: ${describe(Object.fromEntries(strays))} of ${total} not promised`)
  if (must === undefined) return flaws
  const asPromised = must.reduce((all, answer) => all + (settled[answer] ?? 0), 0)
  const felt = sum(settled)
  if (felt - asPromised > Math.max(STRAYS, felt * (1 - MUST_SHARE)))
    flaws.push(`${group}: ${asPromised} of ${felt} ${must.join(' or ')}`)
  return flaws
}

/** The application is the witness: what reached it passed, whatever the client was told. */
function wrongOnes(
  { proofs }: Promised,
  { byKind, duplicates }: Reached,
  { startMs }: Marks,
): Pick<Verdict, 'wrong' | 'repeats'> {
  const wrong: Record<string, number> = {}
  for (const { name, group, shows } of KINDS) {
    const count = byKind[name] ?? 0
    if (group === 'bad' && shows !== 'replay' && count > 0) wrong[name] = count
  }
  const isPromised = ({ atMs, times, hasNonce, method }: Duplicate) =>
    proofs !== undefined &&
    // Never at high sensitivity, and never without a nonce, which says that it is young.
    method !== HIGH_METHOD &&
    hasNonce &&
    times <= proofs.times &&
    atMs >= startMs &&
    atMs < startMs + proofs.untilMs
  const repeats = duplicates.filter(isPromised).length
  if (duplicates.length > repeats) wrong['replay'] = duplicates.length - repeats
  // What carries no mark, the load has not sent.
  if ((byKind['unmarked'] ?? 0) > 0) wrong['unmarked'] = byKind['unmarked'] ?? 0
  return { wrong, repeats }
}

function countByGroup(samples: readonly Sample[]): Record<Group, Counts> {
  const counts: Record<Group, Partial<Record<AnswerKind, number>>> = {
    low: {},
    high: {},
    lowBound: {},
    highBound: {},
    bad: {},
  }
  for (const { kind, answer } of samples) {
    const mine = counts[groupOf.get(kind) ?? 'bad']
    mine[answer] = (mine[answer] ?? 0) + 1
  }
  return counts
}

/**
 * How long after the end of the fault all that may pass passed again.
 * @param perSecond what is sent: a moment from which too few answers came is not judged
 * @returns ms, to a tenth of a second; undefined while it has not recovered
 */
export function recoveryOf(
  samples: readonly Sample[],
  stopMs: number,
  perSecond: number,
): number | undefined {
  const all: number[] = []
  const good: number[] = []
  const well: number[] = []
  for (const { dueMs, kind, answer } of samples) {
    const bucket = Math.floor((dueMs - stopMs) / BUCKET_MS)
    if (bucket < 0) continue
    all[bucket] = (all[bucket] ?? 0) + 1
    if (groupOf.get(kind) === 'bad') continue
    good[bucket] = (good[bucket] ?? 0) + 1
    if (answer === 'passed') well[bucket] = (well[bucket] ?? 0) + 1
  }
  const over = (counts: readonly number[], from: number) => {
    let sum = 0
    for (let i = from; i < from + WELL_BUCKETS; i++) sum += counts[i] ?? 0
    return sum
  }
  const wanted = TOLD_SHARE * perSecond * ((BUCKET_MS * WELL_BUCKETS) / 1000)
  for (let from = 0; from + WELL_BUCKETS <= all.length; from++) {
    if (over(all, from) < wanted) continue
    if (over(well, from) >= WELL_SHARE * over(good, from)) return from * BUCKET_MS
  }
  return undefined
}

export const sum = (counts: Counts): number => Object.values(counts).reduce((all, count) => all + count, 0)

/** `12 degraded, 3 nonce`, the most first. */
export function describe(counts: Counts): string {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([answer, count]) => `${count} ${answer}`)
    .join(', ')
}
