import { StartError } from '../errors.ts'

/** One line of `store.memory.seedFile`. */
export interface SeedEntry {
  readonly key: string
  readonly value: string
  readonly ttlMs: number
}

/**
 * Reads the text of `store.memory.seedFile`: one JSON object `{"key": …, "value": …, "ttlMs": …}` a line; empty lines are
 * skipped.
 * @throws StartError `<name>:<line>: …` for the first line that is no seed entry; never its content
 */
export function parseSeed(text: string, name: string): SeedEntry[] {
  const entries: SeedEntry[] = []
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const entry = parseLine(line)
    if (typeof entry === 'string') throw new StartError(`${name}:${index + 1}: ${entry}`)
    entries.push(entry)
  }
  return entries
}

const MEMBERS = new Set(['key', 'value', 'ttlMs'])
const ASCII = /^[\x20-\x7e]+$/

/** The entry, or the sentence that says what is wrong. */
function parseLine(line: string): SeedEntry | string {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    return 'not JSON; write one {"key": …, "value": …, "ttlMs": …} a line'
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return 'not a JSON object'
  const unknown = Object.keys(parsed).find((member) => !MEMBERS.has(member))
  if (unknown !== undefined)
    return `unknown member ${JSON.stringify(unknown)}; there are key, value and ttlMs`
  const { key, value, ttlMs } = parsed as Record<string, unknown>
  if (typeof key !== 'string' || !ASCII.test(key)) return 'key must be a non-empty ASCII string'
  if (typeof value !== 'string' || !ASCII.test(value)) return 'value must be a non-empty ASCII string'
  if (typeof ttlMs !== 'number' || !Number.isSafeInteger(ttlMs) || ttlMs < 1)
    return 'ttlMs must be a whole number of milliseconds, at least 1'
  return { key, value, ttlMs }
}
