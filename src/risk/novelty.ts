import { z } from 'zod'
import type { Past, Profile } from '../model.ts'

/** What the signals share that tell whether an identity has shown something before. */

type Feature = Profile['features'][string]

/** The setting `beta` of such a signal. @param what is new, in words of the operator */
export const habitOf = (what: string) =>
  z
    .number()
    .positive()
    .default(2)
    .describe(`How many requests it takes until ${what} counts as a habit; more makes a new one matter less.`)

/** `untold`: nothing was shown, or nothing is known to compare it with. */
export type Novelty = 'known' | 'new' | 'untold'

export const featureOf = (past: Past, name: string): Feature | undefined => past.profile?.features[name]

export function noveltyOf(past: Past, name: string): Novelty {
  const shown = past.shown[name]
  const known = featureOf(past, name)
  if (shown === undefined || known === undefined || !(known.shown > 0) || known.values.length === 0)
    return 'untold'
  return known.values.some(({ value }) => value === shown) ? 'known' : 'new'
}

/** What is known of a feature to which this check's value is new; undefined when it is not. */
export const unseenIn = (past: Past, name: string): Feature | undefined =>
  noveltyOf(past, name) === 'new' ? featureOf(past, name) : undefined

/** The log-likelihood ratio of an unseen value under a Dirichlet prior: ln((n + beta) / beta), 0 at n = 0. */
export const unseenNats = (requests: number, beta: number): number => Math.log1p(requests / beta)
