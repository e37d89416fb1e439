/** So many checks of one minute, from the first to the last. */
export interface Sightings {
  readonly kind: 'seen'
  readonly firstMs: number
  readonly lastMs: number
  readonly count: number
}

type Timed = Sightings | { readonly kind: 'challenged'; readonly atMs: number }
export const firstMsOf = (delta: Timed): number => (delta.kind === 'seen' ? delta.firstMs : delta.atMs)
export const lastMsOf = (delta: Timed): number => (delta.kind === 'seen' ? delta.lastMs : delta.atMs)
