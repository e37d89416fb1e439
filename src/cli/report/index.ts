import { writeFile } from 'node:fs/promises'
import { skimRecord } from '../../audit/skim.ts'
import type { Clock } from '../../clock.ts'
import { errorName } from '../../lib/error-name.ts'
import { printable, printableJson } from '../../lib/printable.ts'
import { EXIT, type Io } from '../io.ts'
import { readRecords } from '../records/read.ts'
import { createCollector } from './collect.ts'
import { pageOf } from './html/page.ts'
import { createProgress, silentProgress } from './progress.ts'
import { type Summary, summaryOf } from './summary.ts'
import { textOf } from './text.ts'

export interface ReportArgs {
  /** `-` is standard input. */
  readonly records: string
  /** Where the report goes as JSON; `-` is standard output, in place of the table. */
  readonly json?: string | undefined
  /** Where it goes as a page. */
  readonly html?: string | undefined
}

export interface ReportDeps {
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Standard error is a terminal, so somebody waits. */
  readonly isWatched: boolean
}

/** `vigil report`: what was decided, and what observe mode and shadow rules would have done. */
export async function reportFile(args: ReportArgs, io: Io, deps: ReportDeps): Promise<number> {
  const collector = createCollector()
  const progress = deps.isWatched ? createProgress(io.stderr, deps.clock) : silentProgress
  let records = 0
  const failure = await readRecords(args.records, io.stdin, {
    parse: skimRecord,
    record: (record) => {
      records++
      collector.add(record)
    },
    broken: collector.broken,
    progress: (input) => progress.show(input, records),
  })
  progress.end()
  if (failure !== undefined) io.stderr(`vigil: ${printable(args.records)}: ${failure}\n`)
  const summary = summaryOf(collector.read(), args.records, failure === undefined)
  if (records === 0) {
    if (failure === undefined) io.stderr(`vigil: ${printable(args.records)}: ${nothing(summary)}\n`)
    return EXIT.usage
  }
  const isWritten = await tell(summary, args, io)
  return failure === undefined && isWritten ? EXIT.ok : EXIT.usage
}

const nothing = ({ firstBrokenLines: [first] }: Summary): string =>
  first === undefined ? 'no record in it' : `no record in it; line ${first.line} is ${first.why}`

async function tell(summary: Summary, { json, html }: ReportArgs, io: Io): Promise<boolean> {
  const asJson = () => `${printableJson(summary, 2)}\n`
  io.stdout(json === '-' ? asJson() : textOf(summary))
  let isWritten = true
  if (json !== undefined && json !== '-') isWritten = await write(json, asJson(), io)
  if (html !== undefined) isWritten = (await write(html, pageOf(summary), io)) && isWritten
  return isWritten
}

/** For the eyes of whoever runs this, like the records themselves. */
const MODE = 0o600

async function write(file: string, text: string, io: Io): Promise<boolean> {
  try {
    await writeFile(file, text, { mode: MODE })
    return true
  } catch (error) {
    io.stderr(`vigil: ${printable(file)}: it cannot be written (${errorName(error)})\n`)
    return false
  }
}
