import type { Entrypoint } from '../model.ts'

/** Where the request came in, and what it is given on its way. */
export interface Way {
  readonly entrypoint: Entrypoint
  /** Value of x-vigil-hop that an edge gives to the inside entrypoints behind it. */
  readonly hop?: string
  /** What is left of the `cookie` header without the tokens in it, empty for nothing; absent: it passes as it came. */
  readonly cookie?: string
}
