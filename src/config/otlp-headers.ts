import { readFile } from 'node:fs/promises'
import { StartError } from '../errors.ts'
import { unreadable } from '../lib/error-name.ts'

/** RFC 9110 sections 5.1 and 5.5, one field a line. */
const FIELD =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)[ \t]*$/

/**
 * Reads `telemetry.otlp.headersFile`: one `name: value` a line; empty lines and those that begin with `#` do not count.
 * @throws StartError that names the line and never what stands there
 */
export async function readOtlpHeaders(file: string): Promise<Record<string, string>> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new StartError(`telemetry.otlp.headersFile ${file}: ${unreadable(error)}`)
  })
  const headers: Record<string, string> = {}
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const [, name, value] = FIELD.exec(line) ?? []
    if (name === undefined || value === undefined)
      throw new StartError(`telemetry.otlp.headersFile ${file}: write name: value in line ${i + 1}`)
    headers[name.toLowerCase()] = value
  }
  return headers
}
