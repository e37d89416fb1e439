import type { Clock } from '../../src/clock.ts'
import type { Labels, Log, Meter } from '../../src/ports.ts'

/** A clock that stands still until told. */
export function fakeClock(atMs = 1_760_000_000_000) {
  let nowMs = atMs
  const clock: Clock = { nowMs: () => nowMs, monotonicMs: () => nowMs }
  return {
    ...clock,
    advance: (ms: number) => {
      nowMs += ms
    },
    set: (ms: number) => {
      nowMs = ms
    },
  }
}

/** Keeps what was counted, as `name{label=value}` to sum. */
export function fakeMeter() {
  const counts: Record<string, number> = {}
  const records: string[] = []
  const series = (name: string, labels: Labels = {}) =>
    `${name}{${Object.entries(labels)
      .map(([label, value]) => `${label}=${value}`)
      .join(',')}}`
  const meter: Meter = {
    add: (name, value, labels) => {
      counts[series(name, labels)] = (counts[series(name, labels)] ?? 0) + value
    },
    record: (name) => records.push(name),
    set: (name, value, labels) => {
      counts[series(name, labels)] = value
    },
  }
  return { ...meter, counts, records }
}

/** Keeps what was logged, as one line each. */
export function fakeLog() {
  const lines: string[] = []
  const at = (level: string) => (event: string, fields?: object) =>
    void lines.push(`${level} ${event}${fields === undefined ? '' : ` ${JSON.stringify(fields)}`}`)
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  return { ...log, lines }
}
