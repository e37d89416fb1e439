import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { type Altered, alteredNote } from '../audit/altered.ts'
import { whyOf } from '../audit/why.ts'
import { requestFromJson, responseToJson } from '../check/json.ts'
import { refuseUnknownFields } from '../check/json-fields.ts'
import { toCheck } from '../check/request.ts'
import { toCheckResponse } from '../check/response.ts'
import type { WireCheckRequest } from '../check/wire.ts'
import type { Caller, Check, Outcome, Subject } from '../model.ts'

/** What `vigil decide` needs of the service: the pipeline with the state of this run. */
export interface DecideDeps {
  /** Decides one check and learns from it before it resolves, so that the next line sees what this one left. */
  decide(check: Check): Promise<Outcome>
  newId(): string
  /** The time of lines without `at`. */
  nowMs(): number
}

interface Line {
  readonly atMs: number
  readonly caller: Caller
  readonly request: WireCheckRequest
}

/**
 * One CheckRequest per input line, one decision per output line. An unreadable line gets an error line with its
 * number, the rest go on.
 * @returns exit code: 0, or 2 when a line was unreadable.
 */
export async function decideLines(
  input: Readable,
  write: (line: string) => void,
  deps: DecideDeps,
): Promise<number> {
  let number = 0
  let exitCode = 0
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++
    if (text.trim() === '') continue
    const line = readLine(text, deps.nowMs)
    if (line instanceof Error) {
      exitCode = 2
      write(JSON.stringify({ line: number, error: line.message }))
      continue
    }
    const check = toCheck(line.request, { id: deps.newId(), atMs: line.atMs, caller: line.caller })
    write(JSON.stringify(outcomeView(await deps.decide(check))))
  }
  return exitCode
}

const LINE_FIELDS = { at: true, caller: true, request: true } as const

/** `{"at", "caller", "request"}` or a bare CheckRequest, both in protobuf JSON. */
function readLine(text: string, nowMs: () => number): Line | Error {
  try {
    const json: unknown = JSON.parse(text)
    if (typeof json !== 'object' || json === null || Array.isArray(json))
      return new Error('a line must be a JSON object')
    if ('decision' in json) return new Error(notACheck(json as Altered))
    const isWrapped = 'request' in json
    if (!isWrapped) return { atMs: nowMs(), caller: callerFrom(undefined), request: requestFromJson(json) }
    refuseUnknownFields(json, LINE_FIELDS)
    const { at, caller, request } = json as { at?: unknown; caller?: unknown; request: unknown }
    return { atMs: timeFrom(at, nowMs), caller: callerFrom(caller), request: requestFromJson(request) }
  } catch (error) {
    // SyntaxError of JSON.parse quotes input: only its kind is told.
    return new Error(error instanceof TypeError ? error.message : 'the line is not valid JSON')
  }
}

/** Somebody gives what audit wrote instead of what Envoy asked. */
function notACheck(json: Altered): string {
  const note = alteredNote(json)
  return `the line is an audit record, and a record holds no whole check${note === undefined ? '' : `. ${note}`}`
}

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/

function timeFrom(at: unknown, nowMs: () => number): number {
  if (at === undefined) return nowMs()
  const ms = typeof at === 'string' && RFC3339.test(at) ? Date.parse(at) : Number.NaN
  if (Number.isNaN(ms)) throw new TypeError('at must be an RFC 3339 time, e.g. "2026-11-24T10:00:00Z"')
  return ms
}

function callerFrom(caller: unknown): Caller {
  if (caller === undefined) return { state: 'unverified', sans: [] }
  if (typeof caller !== 'string') throw new TypeError('caller must be the SAN of the calling Envoy, a string')
  return { state: 'verified', sans: [caller] }
}

/** Decision and CheckResponse as the line tells them. */
export function outcomeView(outcome: Outcome): object {
  const { decision, stages, answer } = outcome
  const why = whyOf(outcome)
  return {
    decision: {
      effect: decision.effect,
      ...(decision.rule === undefined ? {} : { rule: decision.rule }),
      ...(stages === undefined ? {} : { score: stages.assessment.score, level: stages.assessment.level }),
      reasons: decision.reasons,
      ...(why === undefined ? {} : { why }),
      ...(outcome.mode === undefined ? {} : { mode: outcome.mode }),
      findings: stages?.assessment.findings ?? [],
      subject: stages === undefined ? { state: 'unknown' } : subjectView(stages.subject),
      degraded: decision.degraded,
      ...(decision.shadow.length === 0 ? {} : { shadow: decision.shadow }),
    },
    response: responseToJson(toCheckResponse(answer)),
    ...(answer.effect === 'observe' ? { wouldRespond: responseToJson(toCheckResponse(answer.would)) } : {}),
  }
}

function subjectView(subject: Subject): object {
  if (subject.state === 'anonymous') return { state: 'anonymous' }
  if (subject.state === 'refused') return { state: 'refused', failure: subject.failure }
  const { issuer, subject: id, kind, tenant, client, session, actor, scopes, acr } = subject.credential
  const { state, methods } = subject.binding
  return {
    state: 'identified',
    issuer,
    id,
    kind,
    tenant,
    client,
    actor,
    session,
    scopes,
    acr,
    binding: { state, methods },
  }
}
