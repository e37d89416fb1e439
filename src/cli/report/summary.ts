import type { Cell } from './cells.ts'
import type { Collected } from './collect.ts'
import { EFFECTS, type EffectCounts } from './effects.ts'
import type { Example } from './example.ts'
import type { Counted } from './top.ts'

/** What `--json` writes, and what table and page are made of: names as they stood in the records, times in RFC 3339. */
export interface Summary {
  readonly v: 1
  /** The file, as it was named. */
  readonly source: string
  /** The file could be read to its end. */
  readonly isWhole: boolean
  readonly records: number
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly brokenLines: number
  readonly firstBrokenLines: readonly { readonly line: number; readonly why: string }[]
  readonly passed: number
  readonly refused: number
  /** Passed only because observe mode let it. */
  readonly observed: number
  /** Passed, and a shadow rule would have refused it. */
  readonly shadowRefused: number
  readonly degraded: number
  readonly effects: EffectCounts
  readonly timeline: {
    readonly bucketSeconds: number
    readonly buckets: readonly {
      readonly from: string
      readonly effects: EffectCounts
      readonly wouldBe: number
    }[]
  }
  readonly rules: readonly RuleRow[]
  readonly actions: readonly {
    readonly action: string
    readonly effects: EffectCounts
    readonly error: number
  }[]
  readonly shadowRules: readonly TrialRow[]
  readonly combinations: readonly (Cell & { readonly count: number; readonly error: number })[]
  readonly identities: readonly IdentityRow[]
  /** Kinds of counters that had more keys than room: their counts are at most `error` too high. */
  readonly bounded: readonly string[]
}

export interface RuleRow {
  /** A rule, else the reason that decided. */
  readonly rule: string
  readonly effects: EffectCounts
  readonly observed: number
  readonly error: number
  readonly examples: readonly Example[]
}

export interface TrialRow {
  readonly rule: string
  readonly effect: string
  readonly match: number
  readonly unknown: number
  /** How often its condition could not be evaluated. */
  readonly failed: number
  readonly wouldDecide: number
  readonly wouldRefuse: number
  readonly wouldPass: number
  readonly error: number
  readonly examples: readonly Example[]
}

export interface IdentityRow {
  readonly identity: string
  readonly hits: number
  readonly refused: number
  readonly observed: number
  readonly shadow: number
  readonly error: number
}

/** Identities and combinations that are told; more are counted. */
const MOST_TOLD = 200

export function summaryOf(collected: Collected, source: string, isWhole: boolean): Summary {
  const { records, passed, refused, observed, shadowRefused, degraded, effects, fromMs, toMs } = collected
  return {
    v: 1,
    source,
    isWhole,
    records,
    from: rfc3339(fromMs),
    to: rfc3339(toMs),
    brokenLines: collected.broken.count,
    firstBrokenLines: collected.broken.first,
    passed,
    refused,
    observed,
    shadowRefused,
    degraded,
    effects,
    timeline: timelineOf(collected.timeline),
    rules: collected.deciders.map(({ key, error, kept }) => ({ rule: key, error, ...kept })),
    actions: collected.actions.map(({ key, error, kept }) => ({ action: key, error, effects: kept })),
    shadowRules: collected.trials.map(trialOf),
    combinations: collected.cells
      .slice(0, MOST_TOLD)
      .map(({ kept, count, error }) => ({ ...kept, count, error })),
    identities: collected.identities
      .slice(0, MOST_TOLD)
      .map(({ key, count, error, kept }) => ({ identity: key, hits: count, ...kept, error })),
    bounded: collected.full,
  }
}

/** The greatest time that a date can be; what lies beyond is no time of a check. */
const MAX_MS = 8.64e15

const rfc3339 = (ms: number | undefined): string | undefined =>
  ms === undefined || Math.abs(ms) > MAX_MS ? undefined : new Date(ms).toISOString()

const timelineOf = ({ bucketMs, buckets }: Collected['timeline']): Summary['timeline'] => ({
  bucketSeconds: bucketMs / 1000,
  buckets: buckets.map(({ fromMs, effects, wouldBe }) => ({
    from: rfc3339(fromMs) ?? '',
    effects,
    wouldBe,
  })),
})

function trialOf({ key, error, kept }: Counted<Collected['trials'][number]['kept']>): TrialRow {
  const { error: failed, ...rest } = kept
  return { rule: key, ...rest, failed, error }
}

/** Refused, by whatever effect. */
export const refusedOf = (effects: EffectCounts): number =>
  EFFECTS.reduce((sum, name) => (name === 'allow' || name === 'monitor' ? sum : sum + effects[name]), 0)
