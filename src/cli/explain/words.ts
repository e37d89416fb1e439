/** How times, spans and lists read in a sentence. */

const UNITS: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
]

/** `3 minutes`: the greatest unit of which there are two, else the next smaller one; never negative. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const [size, name] = UNITS.find(([unit]) => whole >= 2 * unit) ?? [1, 'second']
  return plural(Math.floor(whole / size), name)
}

export const plural = (count: number, name: string): string => `${count} ${name}${count === 1 ? '' : 's'}`

/** The greatest time that a date can be; beyond it there is no text for one. */
const MAX_MS = 8.64e15

/** `2026-11-22 09:00:01 UTC`. */
export function utc(ms: number): string {
  if (!(Math.abs(ms) <= MAX_MS)) return 'a time that is none'
  return `${new Date(ms)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.000Z$|Z$/, '')} UTC`
}

/** `2026-11-22 09:00:01 UTC (3 minutes before)`, seen from the check. */
export function whenSeen(ms: number, atMs: number): string {
  const seconds = (atMs - ms) / 1000
  if (Math.abs(seconds) < 1) return `${utc(ms)} (at that moment)`
  return `${utc(ms)} (${span(Math.abs(seconds))} ${seconds > 0 ? 'before' : 'after'})`
}

/** `a, b and c`, or `none`. */
export function listed(names: readonly string[], last = 'and'): string {
  if (names.length < 2) return names[0] ?? 'none'
  return `${names.slice(0, -1).join(', ')} ${last} ${names.at(-1)}`
}
