import { Readable } from 'node:stream'
import { toRecord } from '../../../src/audit/record.ts'
import type { Io } from '../../../src/cli/io.ts'
import type { Outcome, Subject } from '../../../src/model.ts'
import { refusedAnswer, sampleOutcome } from '../../support/edge-samples.ts'

/** Lines of a file of records, and the commands over them. */

export type Json = Readonly<Record<string, unknown>>

/** A record as it stands in a file. */
export function recordOf(over: Partial<Outcome> = {}, subject?: Subject): Json {
  const plain = subject === undefined ? sampleOutcome(over) : sampleOutcome(over, subject)
  const isPassed = plain.decision.effect === 'allow' || plain.decision.effect === 'monitor'
  const outcome = isPassed || over.answer !== undefined ? plain : { ...plain, answer: refusedAnswer() }
  return JSON.parse(JSON.stringify(toRecord(outcome, { durationUs: 31, config: 'c0ffee', headers: [] })))
}

export const lineOf = (record: unknown): string => JSON.stringify(record)

export interface Told {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a command over lines that come from standard input. */
export async function over(
  lines: readonly string[] | Buffer,
  command: (io: Io) => Promise<number>,
): Promise<Told> {
  const told = { out: '', err: '' }
  const bytes = Buffer.isBuffer(lines) ? lines : Buffer.from(lines.map((line) => `${line}\n`).join(''))
  const code = await command({
    stdin: Readable.from([bytes]),
    stdout: (text) => {
      told.out += text
    },
    stderr: (text) => {
      told.err += text
    },
  })
  return { code, ...told }
}

/** Moves the cursor, sets the title, turns the direction of writing, breaks lines and markup; short enough not to be cut. */
export const HOSTILE = '\u001b[2J\u009b31m\u202e\u0007\r\n\u2028<script>alert(1)</script>"\'&\ud800'

/** Every text of a value replaced by a hostile one, except the members by name. */
export function poisoned(value: unknown, except: ReadonlySet<string>): unknown {
  if (typeof value === 'string') return HOSTILE
  if (Array.isArray(value)) return value.map((each) => poisoned(each, except))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      except.has(name) ? member : poisoned(member, except),
    ]),
  )
}

/** What must never reach a terminal; a line break ends a line of the tool itself. */
export const UNSEEN = /[^\P{C}\n]|[\p{Zl}\p{Zp}]/u
