import type { Readable } from 'node:stream'
import { errorName, unreadable } from '../../lib/error-name.ts'
import { type Input, openInput } from './input.ts'
import { type Line, linesOf, MAX_LINE_BYTES } from './lines.ts'

/** A line that is no record. */
export interface BrokenLine {
  readonly line: number
  readonly why: string
}

export interface Reader<Read> {
  /** @returns what the line says, or why it is no record; `bytes` are its text */
  parse(text: string, bytes: Uint8Array): Read | string
  /** @param text of the line, as it stands in the file */
  record(record: Read, text: string): void
  broken(line: BrokenLine): void
  /** Once per chunk of the file. */
  progress?(input: Input): void
}

/**
 * Reads a file of records from beginning to end, in memory for one chunk of it. A broken line is told and passed over.
 * @param file `-` is standard input
 * @returns undefined, or why the file could not be read (to its end); what was read until then has been told
 */
export async function readRecords<Read>(
  file: string,
  stdin: Readable,
  reader: Reader<Read>,
): Promise<string | undefined> {
  try {
    const input = await openInput(file, stdin)
    for await (const lines of linesOf(input.bytes)) {
      for (const line of lines) take(line, reader)
      reader.progress?.(input)
    }
    return undefined
  } catch (error) {
    // Only the stream fails with a code of the system or of zlib; all else is a fault of this tool.
    const name = errorName(error)
    if (!/^(E[A-Z]+|Z_[A-Z_]+|ERR_STREAM_[A-Z_]+)$/.test(name)) throw error
    return name.startsWith('Z_') ? `its compressed data is damaged or cut off (${name})` : unreadable(error)
  }
}

function take<Read>({ number: line, bytes }: Line, reader: Reader<Read>): void {
  if (bytes === undefined) {
    reader.broken({ line, why: `longer than ${MAX_LINE_BYTES} bytes` })
    return
  }
  const text = bytes.toString('utf8')
  if (text.trim() === '') return
  const read = reader.parse(text, bytes)
  if (typeof read === 'string') reader.broken({ line, why: read })
  else reader.record(read, text)
}
