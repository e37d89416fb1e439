/**
 * Share of its time after which something that is fetched again and again is fetched anew, beside the checks, so that none of them has
 * to wait for it.
 */
export const EARLY = 0.8
