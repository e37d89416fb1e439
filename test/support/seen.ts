import type { Past, Profile, SeenValue } from '../../src/model.ts'
import { AT_MS, pastOf, profileOf } from './check-of.ts'

const seenValue = (value: string, count: number): SeenValue => ({
  value,
  count,
  firstSeenMs: AT_MS - 1000,
  lastSeenMs: AT_MS - 500,
})

/** One feature of a profile: shown so often, with these values and how often each was. */
export const featureOf = (shown: number, values: Record<string, number>): Profile['features'][string] => ({
  shown,
  values: Object.entries(values).map(([value, count]) => seenValue(value, count)),
})

/** What is known of an identity that shows `shown` now and had `features` before. */
export const knowing = (
  features: Profile['features'],
  shown: Past['shown'] = {},
  change: Partial<Profile> = {},
): Past => pastOf({ shown, profile: profileOf({ features, ...change }) })
