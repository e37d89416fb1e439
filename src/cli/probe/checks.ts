import type { WireCheckResponse } from '../../check/wire.ts'
import { FAILURES, type FailureCode } from '../../errors.ts'
import { CANARY_PATH, PROBE_EXTENSION, PROBE_HOST } from '../../lib/canary.ts'
import { remedyOf } from '../explain/remedies.ts'
import type { Verdict } from './verdict.ts'

/** The check that must pass, and the one that must not. */
export const QUESTIONS = ['allowed', 'denied'] as const
export type Question = (typeof QUESTIONS)[number]

/** @param id another one each time, or it would be the repetition of an earlier check */
export function questionOf(question: Question, id: string): object {
  const isAllowed = question === 'allowed'
  const http = {
    id,
    method: 'GET',
    scheme: 'https',
    protocol: 'HTTP/2',
    host: PROBE_HOST,
    path: isAllowed ? '/' : CANARY_PATH,
    headers: { accept: 'application/problem+json' },
  }
  const extensions = { [PROBE_EXTENSION.name]: PROBE_EXTENSION.value }
  return { attributes: { request: { http }, ...(isAllowed ? { context_extensions: extensions } : {}) } }
}

/** Whether this is what every Vigil must answer, and else why not. Pure. */
export function judgeAnswer(question: Question, response: WireCheckResponse): Verdict {
  const told = toldBy(response)
  const verdict = question === 'allowed' ? judgeAllowed(told) : judgeDenied(told)
  return { name: question, ...verdict, details: detailsOf(told) }
}

interface Told {
  readonly isPass: boolean
  /** What a caller would get; 200 stands for a pass. */
  readonly status: number
  readonly effect: string | undefined
  readonly reasons: readonly string[]
  readonly decision: string | undefined
  readonly mode: string | undefined
  readonly degraded: readonly string[]
}

function toldBy({ status, denied_response: denied, dynamic_metadata: metadata }: WireCheckResponse): Told {
  const fields = metadata?.fields ?? {}
  const texts = (name: string) =>
    (fields[name]?.listValue?.values ?? []).flatMap(({ stringValue }) => stringValue ?? [])
  const isPass = status !== undefined && status !== null && (status.code ?? 0) === 0
  return {
    isPass,
    status: isPass ? 200 : (denied?.status?.code ?? 403),
    effect: fields['effect']?.stringValue,
    reasons: texts('reasons'),
    decision: fields['decision']?.stringValue,
    mode: fields['mode']?.stringValue,
    degraded: texts('degraded'),
  }
}

function detailsOf({ status, effect, reasons, decision, mode, degraded }: Told): Verdict['details'] {
  return { status, effect, reasons, decision, mode, ...(degraded.length === 0 ? {} : { degraded }) }
}

type Judged = Pick<Verdict, 'isGood' | 'says' | 'fix' | 'notes'>

function judgeAllowed(told: Told): Judged {
  const [reason] = told.reasons
  if (told.isPass && told.effect === 'allow')
    return { isGood: true, says: `passed, as it must (${reason})`, notes: notesOn(told) }
  if (!told.isPass) return { isGood: false, ...refusedBecause(told) }
  if (told.effect === undefined) return STRANGER
  return { isGood: false, says: `passed in observe mode only: ${sentenceOf(reason)}`, fix: fixOf(reason) }
}

function judgeDenied(told: Told): Judged {
  const [reason] = told.reasons
  if (!told.isPass && reason === 'policy.canary.refused')
    return { isGood: true, says: `refused with ${told.status}, as it must be (${reason})` }
  if (!told.isPass) return { isGood: false, ...refusedBecause(told) }
  if (told.effect === undefined) return STRANGER
  const says = `passed (${told.effect}, ${reason}), although it must be refused whatever the configuration says`
  return { isGood: false, says, fix: OLDER }
}

const STRANGER: Judged = {
  isGood: false,
  says: 'passed, and the answer is not one of Vigil',
  fix: 'Another ext_authz service listens there: look at the address.',
}

const OLDER =
  'If that Vigil is older than this command, it does not know the question: use the vigil of its own image.'

function notesOn({ mode, degraded }: Told): readonly string[] {
  return [
    ...(mode === 'observe'
      ? ['Observe mode: what is decided is recorded, and what would be refused passes.']
      : []),
    ...(degraded.length === 0 ? [] : [`Decided degraded, without: ${degraded.join(', ')}.`]),
  ]
}

/** Reasons of a Vigil that does not know the question. */
const UNKNOWN_QUESTION: ReadonlySet<string> = new Set([
  'identity.credential.missing',
  'policy.action.unknown',
])

function refusedBecause({ status, reasons: [reason] }: Told): Pick<Judged, 'says' | 'fix'> {
  const says = `refused with ${status}: ${sentenceOf(reason)}`
  return { says, fix: reason !== undefined && UNKNOWN_QUESTION.has(reason) ? OLDER : fixOf(reason) }
}

const isFailure = (reason: string | undefined): reason is FailureCode =>
  reason !== undefined && Object.hasOwn(FAILURES, reason)

const sentenceOf = (reason: string | undefined): string =>
  isFailure(reason) ? `${FAILURES[reason].sentence} (${reason})` : (reason ?? 'no reason was told')

const fixOf = (reason: string | undefined): string | undefined =>
  isFailure(reason) ? `Needed: ${remedyOf(reason)}` : undefined
