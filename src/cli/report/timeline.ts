import { EFFECTS, type EffectCounts, type EffectName, noEffects } from './effects.ts'

/** What happened over time, in at most `MOST_BUCKETS` spans of equal length, however long the file reaches. */
export interface Timeline {
  add(atMs: number, effect: EffectName, isWouldBe: boolean): void
  read(): TimelineView
  /** Undefined for no record. */
  span(): { readonly fromMs: number | undefined; readonly toMs: number | undefined }
}

export interface TimelineView {
  readonly bucketMs: number
  /** Without gaps, in order; empty for no record. */
  readonly buckets: readonly Bucket[]
}

export interface Bucket {
  readonly fromMs: number
  readonly effects: EffectCounts
  /** Passed, and would not have if observe mode and shadow rules were enforced. */
  wouldBe: number
}

export const MOST_BUCKETS = 120

/** Spans that read well on an axis, each a multiple of the one before it; beyond the last one they double. */
const STEPS_MS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400].map((s) => s * 1000)

export function createTimeline(): Timeline {
  let bucketMs = STEPS_MS[0] ?? 1000
  let buckets = new Map<number, Bucket>()
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY

  /** Records may come in any order: several files may have been joined. */
  function reach(atMs: number): void {
    const [from, to] = [Math.min(first, atMs), Math.max(last, atMs)]
    let next = bucketMs
    while (Math.floor(to / next) - Math.floor(from / next) >= MOST_BUCKETS) next = wider(next)
    if (next !== bucketMs) {
      bucketMs = next
      buckets = merged(buckets, next)
    }
    first = from
    last = to
  }

  return {
    add: (atMs, effect, isWouldBe) => {
      if (atMs < first || atMs > last) reach(atMs)
      const bucket = at(buckets, atMs, bucketMs)
      bucket.effects[effect]++
      if (isWouldBe) bucket.wouldBe++
    },
    span: () => (first > last ? { fromMs: undefined, toMs: undefined } : { fromMs: first, toMs: last }),
    read: () => ({ bucketMs, buckets: spread(buckets, first, last, bucketMs) }),
  }
}

const wider = (bucketMs: number): number => STEPS_MS.find((step) => step > bucketMs) ?? bucketMs * 2

function at(buckets: Map<number, Bucket>, ms: number, bucketMs: number): Bucket {
  const fromMs = Math.floor(ms / bucketMs) * bucketMs
  const bucket = buckets.get(fromMs) ?? { fromMs, effects: noEffects(), wouldBe: 0 }
  buckets.set(fromMs, bucket)
  return bucket
}

function merged(buckets: ReadonlyMap<number, Bucket>, bucketMs: number): Map<number, Bucket> {
  const wide = new Map<number, Bucket>()
  for (const { fromMs, effects, wouldBe } of buckets.values()) {
    const into = at(wide, fromMs, bucketMs)
    for (const effect of EFFECTS) into.effects[effect] += effects[effect]
    into.wouldBe += wouldBe
  }
  return wide
}

function spread(
  buckets: Map<number, Bucket>,
  first: number,
  last: number,
  bucketMs: number,
): readonly Bucket[] {
  if (first > last) return []
  const from = Math.floor(first / bucketMs)
  const count = Math.floor(last / bucketMs) - from + 1
  return Array.from({ length: count }, (_, i) => {
    const fromMs = (from + i) * bucketMs
    return buckets.get(fromMs) ?? { fromMs, effects: noEffects(), wouldBe: 0 }
  })
}
