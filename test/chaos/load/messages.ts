import type { Book } from '../kinds.ts'

/** What the campaign tells the driver, and what it hears from it. */

export type Order =
  | { readonly do: 'book'; readonly book: Book }
  | { readonly do: 'go'; readonly port: number; readonly perSecond: number }
  /** As many at once as given, the next when an answer comes: how much can be had. */
  | { readonly do: 'flood'; readonly port: number; readonly inFlight: number }
  /** From now on so many a second. */
  | { readonly do: 'rate'; readonly perSecond: number }
  | { readonly do: 'halt' }

export type Report =
  /** Flat: when it was due (ms of the monotonic clock), index of its kind, index of its answer, ms from due to answer. */
  { readonly samples: readonly number[] } | { readonly halted: true; readonly samples: readonly number[] }

export const SAMPLE_FIELDS = 4

/** Private keys of the clients that prove; the driver signs with them. */
export interface Client {
  readonly alg: string
  readonly jwk: Readonly<Record<string, unknown>>
  readonly privateJwk: Readonly<Record<string, unknown>>
}

/** Header by which the application knows what came through: the kind, and the number of the proof or of the request. */
export const MARK = 'x-chaos'

/** On the clock that all processes of a machine share. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6
