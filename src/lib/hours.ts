import { fromDigits, toDigits } from './base64-digits.ts'

/**
 * In which hours an identity was active: one digit (0 to 63) for each hour of a working day and of a weekend day. Counted
 * is whether it was active in an hour at all, so that a burst teaches no more than one request.
 */
export const NO_HOURS = 'A'.repeat(48)

const HOURS = 24
const FULL = 63
const SATURDAY = 5

/** Where an hour of the week stands: 0 to 23 on working days, 24 to 47 on weekends. */
const slotOf = (hourOfWeek: number): number =>
  (hourOfWeek % HOURS) + (Math.floor(hourOfWeek / HOURS) >= SATURDAY ? HOURS : 0)

/** Adds an hour; when its count is full all halve, so that what is long ago fades. */
export function withHour(counts: string, hourOfWeek: number): string {
  const slot = slotOf(hourOfWeek)
  const all = Array.from(counts, (_, at) => fromDigits(counts, at, 1))
  const before = (all[slot] ?? 0) >= FULL ? all.map((count) => count >> 1) : all
  return before.map((count, at) => toDigits(at === slot ? count + 1 : count, 1)).join('')
}

/** What is known of one hour: how often such a day was active at all, and how often within `reach` hours of it. */
export interface HourHabit {
  readonly total: number
  readonly near: number
}

export function habitOf(counts: string, hourOfWeek: number, reach: number): HourHabit {
  const slot = slotOf(hourOfWeek)
  const start = slot < HOURS ? 0 : HOURS
  let total = 0
  let near = 0
  for (let hour = 0; hour < HOURS; hour++) {
    const count = fromDigits(counts, start + hour, 1)
    const apart = Math.abs(hour - (slot - start))
    total += count
    if (Math.min(apart, HOURS - apart) <= reach) near += count
  }
  return { total, near }
}

/** True for what `withHour` writes. */
export const isHours = (counts: unknown): counts is string =>
  typeof counts === 'string' && /^[A-Za-z0-9_-]{48}$/.test(counts)
