import type { Readable } from 'node:stream'
import { type ReadRecord, readRecord } from '../../audit/reading.ts'
import { printable, printableJson } from '../../lib/printable.ts'
import { discoverSignals } from '../../risk/index.ts'
import type { WhatIf } from '../../what-if.ts'
import { EXIT, type Io } from '../io.ts'
import { type BrokenLine, readRecords } from '../records/read.ts'
import { passes, verdictOf } from '../records/verdict.ts'
import { explain, requestOf } from './explanation.ts'
import { textOf } from './text.ts'
import { nameOf } from './who.ts'
import { plural } from './words.ts'
import type { Sentences } from './worry.ts'

export interface ExplainArgs {
  /** `-` is standard input. */
  readonly input: string
  /** Decision id, the `urn:uuid:` of an answer, request id, trace id, or the beginning of a decision id. */
  readonly id?: string | undefined
  readonly isList: boolean
  readonly isJson: boolean
  /** Configuration with which the decision is made again. */
  readonly config?: string | undefined
}

/** Decides the record of a line again; undefined where it does not hold enough. */
export type Again = (line: string) => WhatIf | undefined

/** `vigil explain`: one decision in plain words, or one line for each refusal. */
export async function explainFile(args: ExplainArgs, io: Io, again?: Again): Promise<number> {
  return args.isList ? await listRefusals(args, io) : await explainOne(args, io, again)
}

/** At most so many records of one id are told: two of one request are usual, at the edge and inside. */
const MOST_FOUND = 10

async function explainOne({ input, id, isJson }: ExplainArgs, io: Io, again?: Again): Promise<number> {
  const matches = id === undefined ? undefined : matcherOf(id)
  let found: { readonly record: ReadRecord; readonly text: string }[] = []
  const read = await scan(input, io, (record, text) => {
    if (matches === undefined) {
      if (isRefusal(record)) found = [{ record, text }]
    } else if (found.length < MOST_FOUND && matches(record)) found.push({ record, text })
  })
  if (found.length === 0) {
    if (!read.isWhole) return EXIT.usage // told already
    io.stderr(`vigil: ${nothingFound(read.records, id)}\n`)
    return EXIT.usage
  }
  if (id === undefined && !isJson) {
    io.stdout(
      `The last refusal of ${plural(read.records, 'record')}. For another: vigil explain FILE ID, or --list.\n\n`,
    )
  }
  const sentences = await sentencesOfSignals()
  const told = found.map(({ record, text }) => ({
    ...explain(record, sentences),
    ...(again && { again: again(text) ?? null }),
  }))
  for (const each of told) io.stdout(isJson ? `${printableJson(each)}\n` : `${textOf(each)}\n`)
  return read.isWhole ? EXIT.ok : EXIT.usage
}

function nothingFound(records: number, id: string | undefined): string {
  if (records === 0) return 'no record in it'
  return id === undefined
    ? `there is no refusal among ${plural(records, 'record')}; name a decision id to have it explained`
    : `the decision, request or trace id ${printable(id, 80)} is that of none of ${plural(records, 'record')}`
}

/** Decided against, whether it was carried out or only observed. */
const isRefusal = (record: ReadRecord): boolean => !passes(verdictOf(record).due.effect)

/** What a caller quotes to support (`instance` of the answer) is a decision id with this in front of it. */
const URN = 'urn:uuid:'

/** Shorter beginnings could be those of many. */
const MIN_BEGINNING = 8

function matcherOf(word: string): (record: ReadRecord) => boolean {
  const id = word.startsWith(URN) ? word.slice(URN.length) : word
  return (record) =>
    record.id === id ||
    record.request.requestId === id ||
    record.trace === id ||
    (id.length >= MIN_BEGINNING && record.id.startsWith(id))
}

async function listRefusals({ input, isJson }: ExplainArgs, io: Io): Promise<number> {
  let count = 0
  const read = await scan(input, io, (record) => {
    if (!isRefusal(record)) return
    count++
    const { id, at, status, wouldStatus, why } = record
    const { due, isObserved } = verdictOf(record)
    const line = {
      id,
      at,
      effect: due.effect,
      status: wouldStatus ?? status,
      isObserved,
      identity: nameOf(record),
      request: requestOf(record),
      why,
    }
    io.stdout(isJson ? `${printableJson(line)}\n` : `${listLine(line)}\n`)
  })
  if (!isJson) io.stderr(`${plural(count, 'refusal')} among ${plural(read.records, 'record')}\n`)
  return read.isWhole ? EXIT.ok : EXIT.usage
}

interface Listed {
  readonly id: string
  readonly at: string
  readonly effect: string
  readonly status: number
  readonly isObserved: boolean
  readonly identity: string
  readonly request: string
  readonly why: string | undefined
}

function listLine({ at, id, effect, status, isObserved, identity, request, why = '' }: Listed): string {
  const told = `${effect} ${status}${isObserved ? ' (only observed)' : ''}`
  return [at, id, told, identity, request, why].map((cell) => printable(cell)).join('  ')
}

interface Scanned {
  readonly records: number
  /** The file could be read to its end. */
  readonly isWhole: boolean
}

async function scan(
  input: string,
  io: Io & { stdin: Readable },
  take: (record: ReadRecord, text: string) => void,
): Promise<Scanned> {
  let records = 0
  let broken = 0
  let first: BrokenLine | undefined
  const failure = await readRecords(input, io.stdin, {
    parse: readRecord,
    record: (record, text) => {
      records++
      take(record, text)
    },
    broken: (line) => {
      broken++
      first ??= line
    },
  })
  if (first !== undefined) {
    const lines = broken === 1 ? '1 line is no record and was' : `${broken} lines are no records and were`
    io.stderr(`vigil: ${printable(input)}: ${lines} passed over; line ${first.line} is ${first.why}\n`)
  }
  if (failure !== undefined) io.stderr(`vigil: ${printable(input)}: ${failure}\n`)
  return { records, isWhole: failure === undefined }
}

async function sentencesOfSignals(): Promise<Sentences> {
  const signals = await discoverSignals()
  return new Map(
    signals.flatMap(({ id, reasons }) =>
      Object.entries(reasons).map(([reason, sentence]) => [`risk.${id}.${reason}`, sentence] as const),
    ),
  )
}
