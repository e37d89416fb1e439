import type { Compiled } from '../../errors.ts'
import { hint } from '../../lib/nearest.ts'
import type { Facts } from '../../model.ts'

/** Tells the hour of the week in the configured zone. */
export type ReadTime = (atMs: number) => Facts['time']

/** Every zone of the present is a multiple of this away from UTC, so within one nothing changes. */
const QUARTER_MS = 900_000
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

/** @param zone IANA name, e.g. `Europe/Berlin` */
export function compileTime(zone: string): Compiled<ReadTime> {
  const hourOfWeek = hoursIn(zone)
  if (hourOfWeek === undefined) {
    const message = `there is no time zone "${zone}"${hint(zone, Intl.supportedValuesOf('timeZone'))}`
    return { ok: false, problems: [{ path: ['context', 'time', 'zone'], message }] }
  }
  let quarter = Number.NaN
  let fact: Facts['time'] = { hourOfWeek: 0 }
  const read: ReadTime = (atMs) => {
    const current = Math.floor(atMs / QUARTER_MS)
    if (current === quarter) return fact
    quarter = current
    fact = Object.freeze({ hourOfWeek: hourOfWeek(atMs) })
    return fact
  }
  return { ok: true, value: read }
}

type HourOfWeek = (atMs: number) => number

/** A zone's hours, 0 on Monday at midnight; undefined: there is no such zone. */
function hoursIn(zone: string): HourOfWeek | undefined {
  // The default takes no formatter, which would bring 6 MB of zones and languages into memory.
  return zone === 'UTC' ? utcHourOfWeek : formattedHours(zone)
}

function utcHourOfWeek(atMs: number): number {
  const date = new Date(atMs)
  const daysSinceMonday = (date.getUTCDay() + 6) % 7
  return daysSinceMonday * 24 + date.getUTCHours()
}

/** Formatting a date costs more than everything else of a check, hence once per quarter of an hour. */
function formattedHours(zone: string): HourOfWeek | undefined {
  const format = formatOf(zone)
  if (format === undefined) return undefined
  return (atMs) => {
    const parts = format.formatToParts(atMs)
    const part = (type: string) => parts.find((each) => each.type === type)?.value ?? ''
    return DAYS.indexOf(part('weekday')) * 24 + Number(part('hour'))
  }
}

function formatOf(zone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      hourCycle: 'h23',
    })
  } catch {
    return undefined
  }
}
