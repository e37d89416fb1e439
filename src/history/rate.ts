/**
 * A sliding window made of two fixed ones, so that counting takes two plain commands and no script: what happened in the
 * earlier window counts by the share of it that the sliding window still covers.
 */
export interface WindowCounts {
  /** Requests in the fixed window before this one. */
  readonly previous: number
  /** Requests in the fixed window that is running, the one that asks included. */
  readonly current: number
}

/** Number of the fixed window in which a moment lies. */
export const windowAt = (atMs: number, windowMs: number): number => Math.floor(atMs / windowMs)

/** A count is needed until its successor ends; the rest is for clocks that differ between replicas. */
export const windowTtlMs = (windowMs: number): number => 2 * windowMs + 5000

/** Requests in the window that slides with `atMs`; a fraction, because the earlier window counts by share. */
export function used(counts: WindowCounts, windowMs: number, atMs: number): number {
  const elapsed = (atMs % windowMs) / windowMs
  return counts.previous * (1 - elapsed) + counts.current
}

/**
 * Whole seconds until one more request would fit if none came in between; at least 1.
 * The sum never grows while nobody asks, so the first moment is found by solving each of the two windows.
 */
export function retryAfterSeconds(counts: WindowCounts, max: number, windowMs: number, atMs: number): number {
  const fits = (seconds: number) => fitsLater(counts, max, windowMs, atMs, seconds * 1000)
  let seconds = Math.max(1, Math.ceil(waitMs(counts, max, windowMs, atMs) / 1000))
  // Floating point may be off by one in either direction.
  while (!fits(seconds)) seconds++
  while (seconds > 1 && fits(seconds - 1)) seconds--
  return seconds
}

/** The earliest moment, as distance from `atMs`. */
function waitMs({ previous, current }: WindowCounts, max: number, windowMs: number, atMs: number): number {
  const elapsedMs = atMs % windowMs
  const room = max - 1
  if (current <= room) {
    // previous * (1 - f) + current + 1 <= max, within the running window
    const share = previous === 0 ? 0 : 1 - (room - current) / previous
    return Math.max(0, share * windowMs - elapsedMs)
  }
  // current * (1 - f) + 1 <= max, within the next one
  return windowMs - elapsedMs + (1 - room / current) * windowMs
}

function fitsLater(
  counts: WindowCounts,
  max: number,
  windowMs: number,
  atMs: number,
  laterMs: number,
): boolean {
  const passed = windowAt(atMs + laterMs, windowMs) - windowAt(atMs, windowMs)
  const later = [counts, { previous: counts.current, current: 0 }][passed] ?? { previous: 0, current: 0 }
  return used(later, windowMs, atMs + laterMs) + 1 <= max
}
