/** So many requests make a habit of showing something. */
export const USUAL_REQUESTS = 20
export const USUAL_SHARE = 0.95

/** True when what was shown in `shown` of `seen` requests is always shown, for all one can tell. */
export const isUsuallyShown = (shown: number, seen: number): boolean =>
  seen >= USUAL_REQUESTS && shown >= USUAL_SHARE * seen
