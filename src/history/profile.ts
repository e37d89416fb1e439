import { isHours, NO_HOURS, withHour } from '../lib/hours.ts'
import type { Profile, SeenValue } from '../model.ts'
import { completeMinutes, type LearnedRate, NO_RATE } from './habit.ts'
import { firstMsOf, lastMsOf, type Sightings } from './sightings.ts'
import { packValues, unpackValues } from './values.ts'

/** A profile with the minute that is still running: it joins the rate only when it is over. */
export interface ProfileRecord extends Profile {
  readonly rate: LearnedRate
}

/** What checks add. */
export type ProfileDelta =
  | (Sightings & {
      /** Hashes of the values that each of them showed, by feature; empty: one was shown that is not to be learned. */
      readonly shown: Readonly<Record<string, string>>
      /** In the configured zone (`Facts.time`). */
      readonly hourOfWeek: number
    })
  | { readonly kind: 'challenged'; readonly atMs: number }

export const MAX_PROFILE_BYTES = 640
const MAX_VALUES = 8
const VERSION = 2
const HOUR_MS = 3_600_000

type Features = Profile['features']

/** Applies deltas to what stands in the store; pure, so that the store may ask for it again. */
export function mergeProfile(
  current: ProfileRecord | undefined,
  deltas: readonly ProfileDelta[],
): ProfileRecord {
  const features: Record<string, Feature> = { ...current?.features }
  const sightings: Sightings[] = []
  let { firstSeenMs, lastSeenMs, seen, challengedAtMs } = current ?? NEVER_SEEN
  let hours = current?.hours
  for (const delta of deltas) {
    firstSeenMs = Math.min(firstSeenMs, firstMsOf(delta))
    lastSeenMs = Math.max(lastSeenMs, lastMsOf(delta))
    if (delta.kind === 'challenged') challengedAtMs = Math.max(challengedAtMs ?? 0, delta.atMs)
    else {
      seen += delta.count
      sightings.push(delta)
      hours = withSighting(hours, delta)
      for (const feature in delta.shown) addValue(features, feature, delta.shown[feature] ?? '', delta)
    }
  }
  return {
    firstSeenMs,
    lastSeenMs,
    seen,
    features,
    rate: completeMinutes(current?.rate ?? NO_RATE, sightings),
    ...(hours === undefined ? {} : { hours }),
    ...(challengedAtMs === undefined ? {} : { challengedAtMs }),
  }
}

interface Feature {
  readonly shown: number
  readonly values: readonly SeenValue[]
}

const NEVER_SEEN: Pick<Profile, 'firstSeenMs' | 'lastSeenMs' | 'seen' | 'challengedAtMs'> = {
  firstSeenMs: Number.POSITIVE_INFINITY,
  lastSeenMs: 0,
  seen: 0,
}

/** An hour counts once, however many requests it had. */
function withSighting(
  hours: Profile['hours'],
  { firstMs, hourOfWeek }: Pick<ProfileDelta & { kind: 'seen' }, 'firstMs' | 'hourOfWeek'>,
): Profile['hours'] {
  const hour = Math.floor(firstMs / HOUR_MS)
  if (hours !== undefined && hour <= hours.lastHour) return hours
  return { counts: withHour(hours?.counts ?? NO_HOURS, hourOfWeek), lastHour: hour }
}

function addValue(
  features: Record<string, Feature>,
  feature: string,
  value: string,
  sightings: Sightings,
): void {
  const before = features[feature]
  features[feature] = {
    shown: (before?.shown ?? 0) + sightings.count,
    values: value === '' ? (before?.values ?? []) : withValue(before?.values ?? [], value, sightings),
  }
}

/** Newest first; the ninth is forgotten. */
function withValue(
  values: readonly SeenValue[],
  value: string,
  { firstMs, lastMs, count }: Sightings,
): readonly SeenValue[] {
  const before = values.find((seen) => seen.value === value)
  const now = {
    value,
    count: (before?.count ?? 0) + count,
    firstSeenMs: Math.min(before?.firstSeenMs ?? firstMs, firstMs),
    lastSeenMs: Math.max(before?.lastSeenMs ?? lastMs, lastMs),
  }
  const others = values.filter((seen) => seen.value !== value)
  const at = others.findIndex((seen) => seen.lastSeenMs <= now.lastSeenMs)
  return others.toSpliced(at < 0 ? others.length : at, 0, now).slice(0, MAX_VALUES)
}

const seconds = (ms: number) => Math.floor(ms / 1000)
const decimals = (value: number) => Math.round(value * 100) / 100

/**
 * JSON in ASCII, at most 640 bytes: `v` version, `f`/`l` first and last seen, `n` seen, `d` features as
 * `[shown, values]` (values.ts), `h` hours as `[counts, the last one]` (lib/hours.ts), `r` rate as `[shape, minutes, running minute, its count]`, `c` challenged.
 * Times are whole seconds but `c`, which is compared with logins, in milliseconds.
 */
export function encodeProfile(profile: ProfileRecord): string {
  for (let values = MAX_VALUES; ; values--) {
    const text = JSON.stringify(packed(profile, values))
    // More features than have room: each keeps fewer values.
    if (text.length <= MAX_PROFILE_BYTES || values === 0) return text
  }
}

function packed(profile: ProfileRecord, maxValues: number) {
  const { shape, minutes, running } = profile.rate
  const features = Object.entries(profile.features).map(([feature, { shown, values }]) => [
    feature,
    [shown, packValues(values, maxValues)],
  ])
  return {
    v: VERSION,
    f: seconds(profile.firstSeenMs),
    l: seconds(profile.lastSeenMs),
    n: profile.seen,
    d: Object.fromEntries(features),
    r: [decimals(shape), decimals(minutes), running?.minute ?? 0, running?.count ?? 0],
    h: profile.hours === undefined ? undefined : [profile.hours.counts, profile.hours.lastHour],
    c: profile.challengedAtMs,
  }
}

/** The record, or undefined when it is of another version or broken: then this identity has no habits yet. */
export function decodeProfile(text: string): ProfileRecord | undefined {
  try {
    return unpacked(JSON.parse(text))
  } catch {
    return undefined
  }
}

const FEATURE = /^[a-z][a-z-]{0,30}$/

/** By index and without copies: this is done for every check. @throws when anything is not what `packed` writes */
function unpacked(record: Record<string, unknown>): ProfileRecord {
  if (record['v'] !== VERSION) throw new Error('version')
  return {
    firstSeenMs: number(record['f']) * 1000,
    lastSeenMs: number(record['l']) * 1000,
    seen: number(record['n']),
    features: unpackedFeatures(record['d']),
    rate: unpackedRate(list(record['r'], 4)),
    ...(record['h'] === undefined ? {} : { hours: unpackedHours(list(record['h'], 2)) }),
    ...(record['c'] === undefined ? {} : { challengedAtMs: number(record['c']) }),
  }
}

function unpackedHours(entry: readonly unknown[]): NonNullable<Profile['hours']> {
  const counts = entry[0]
  if (!isHours(counts)) throw new Error('hours')
  return { counts, lastHour: number(entry[1]) }
}

function unpackedRate(entry: readonly unknown[]): LearnedRate {
  const shape = number(entry[0])
  const minutes = number(entry[1])
  const minute = number(entry[2])
  const count = number(entry[3])
  return count === 0 ? { shape, minutes } : { shape, minutes, running: { minute, count } }
}

function unpackedFeatures(entries: unknown): Features {
  if (typeof entries !== 'object' || entries === null) throw new Error('features')
  const packedFeatures = entries as Readonly<Record<string, unknown>>
  const features: Record<string, Features[string]> = {}
  for (const feature in packedFeatures) {
    if (!FEATURE.test(feature)) throw new Error('feature')
    const entry = list(packedFeatures[feature], 2)
    features[feature] = { shown: number(entry[0]), values: unpackValues(entry[1]) }
  }
  return features
}

function list(value: unknown, length: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== length) throw new Error('list')
  return value
}

function number(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw new Error('number')
  return value
}
