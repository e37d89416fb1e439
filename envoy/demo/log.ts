/** One line of Vigil's log for a person: `error: what happened (problem: file:line:column: ...)`. */
export function sentenceOf(line: string): string {
  const entry = entryOf(line)
  if (entry === undefined) return line
  const { level, event, time: _, ...fields } = entry
  const told = Object.entries(fields).map(([name, value]) => `${name}: ${textOf(value)}`)
  return `${level}: ${event}${told.length === 0 ? '' : ` (${told.join(', ')})`}`
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join('; ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Undefined for what is no log line, such as the last words of a process that crashed. */
function entryOf(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'event' in value ? { ...value } : undefined
  } catch {
    return undefined
  }
}
