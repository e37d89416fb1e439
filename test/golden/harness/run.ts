import type { AuditRecord } from '../../../src/audit/record.ts'
import { encodeResponse } from '../../../src/check/encode.ts'
import { requestFromJson } from '../../../src/check/json.ts'
import { toCheckResponse } from '../../../src/check/response.ts'
import type { Caller, Outcome } from '../../../src/model.ts'
import { wireBytes } from '../../harness/wire.ts'
import { type GoldenApp, openGolden } from './app.ts'
import type { GoldenCase, GoldenCheck } from './case.ts'
import { answerView, given, recordView } from './expectation.ts'
import { Mint } from './mint.ts'
import { laidOver, plainRequest } from './request.ts'

/** One request of a case after it went through the pipeline. */
export interface Ran {
  readonly outcome: Outcome
  /** The line of the audit file. */
  readonly line: string
}

export interface RanCase {
  /** Those before included. */
  readonly all: readonly Ran[]
  /** Answer and record of every check, with symbols. */
  readonly actual: readonly unknown[]
  readonly secrets: readonly string[]
}

/** Runs a case from JSON over protobuf bytes through the pipeline to protobuf bytes and the audit file. */
export async function runCase(plan: GoldenCase): Promise<RanCase> {
  const app = await openGolden(plan)
  const mint = new Mint(plan)
  const outcomes: Outcome[] = []
  const ask = async (check: Omit<GoldenCheck, 'note'>) => {
    const outcome = await askOnce(check, { app, mint, stream: outcomes.length + 1, caller: plan.caller })
    outcomes.push(outcome)
    return outcome
  }
  for (const earlier of plan.before) await prepare(earlier, ask)
  const first = outcomes.length
  for (const [index, check] of plan.checks.entries()) {
    const { answer } = await ask(check)
    for (const { kind, value } of given(answer)) mint.gave(kind, index + 1, value)
  }
  const lines = await app.close()
  if (lines.length !== outcomes.length)
    throw new Error(`${lines.length} records of ${outcomes.length} checks`)
  const all = outcomes.map((outcome, i) => ({ outcome, line: lines[i] ?? '' }))
  const actual = all.slice(first).map(({ outcome, line }, i) => ({
    check: i + 1,
    answer: answerView(outcome.answer, i + 1),
    record: recordView(JSON.parse(line), app.snapshot.hash),
  }))
  return { all, actual, secrets: mint.secrets }
}

export const parseRecord = (line: string): AuditRecord => JSON.parse(line)

type Earlier = GoldenCase['before'][number]

/** A case whose history did not happen as it says shows nothing. */
async function prepare(
  earlier: Earlier,
  ask: (check: Omit<GoldenCheck, 'note'>) => Promise<Outcome>,
): Promise<void> {
  const { times, everySeconds, effect, ...check } = earlier
  for (let i = 0; i < times; i++) {
    const at = new Date(Date.parse(check.at) + i * everySeconds * 1000).toISOString()
    const { decision } = await ask({ ...check, at })
    const isWanted =
      effect === undefined ? ['allow', 'monitor'].includes(decision.effect) : decision.effect === effect
    if (!isWanted)
      throw new Error(`before: ${at}: ${decision.effect} because of ${decision.reasons.join(', ')}`)
  }
}

interface Asking {
  readonly app: GoldenApp
  readonly mint: Mint
  readonly stream: number
  readonly caller: string | null
}

async function askOnce(
  check: Omit<GoldenCheck, 'note'>,
  { app, mint, stream, caller }: Asking,
): Promise<Outcome> {
  app.weather.nowMs = Date.parse(check.at)
  app.weather.isStoreDown = check.store === 'down'
  const json = laidOver(plainRequest(check.at, stream), mint.fill(check.request, check.at))
  const bytes = wireBytes(requestFromJson(json))
  const { response, outcome } = await app.handle(
    bytes,
    callerOf(check.caller === undefined ? caller : check.caller),
  )
  // What Envoy gets is the answer of the outcome and nothing else.
  if (!response.equals(encodeResponse(toCheckResponse(outcome.answer)))) throw new Error('other bytes')
  return outcome
}

const callerOf = (san: string | null): Caller =>
  san === null ? { state: 'unverified', sans: [] } : { state: 'verified', sans: [san] }
