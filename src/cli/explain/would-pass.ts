import type { ReadRecord } from '../../audit/reading.ts'
import { DEFAULT_TABLE } from '../../policy/index.ts'
import { passes } from '../records/verdict.ts'
import { isFailure, labelOf } from './decided.ts'
import { remedyOf } from './remedies.ts'
import { listed, plural, span, utc } from './words.ts'
import { levelWithout } from './worry.ts'

type Decision = ReadRecord['decision']

/** What would have made the request pass this step; empty where it passed. */
export function wouldPassOf(record: ReadRecord, due: Decision): readonly string[] {
  if (passes(due.effect)) return []
  const changes = changesFor(record, due)
  return isBeforeRules(due) && due.effect !== 'unavailable' ? [...changes, AND_THEN] : changes
}

const AND_THEN =
  'After that the later steps still have their say: limits, rules and the default table were not asked here.'

const isBeforeRules = ({ rule, reasons }: Decision): boolean =>
  rule === undefined && !reasons.some((reason) => /^policy\.(limit|default)\./.test(reason))

function changesFor(record: ReadRecord, due: Decision): readonly string[] {
  switch (due.effect) {
    case 'step-up':
      return [...logins(record, due), ...calmer(record, due), ...otherwise(due)]
    case 'throttle':
      return throttled(record, due)
    case 'deny':
      return denied(record, due)
    default:
      return [
        isFailure(due.failure) ? remedyOf(due.failure) : 'This version of vigil does not know the effect.',
      ]
  }
}

function logins(record: ReadRecord, due: Decision): readonly string[] {
  const kind =
    due.unmet?.acr === undefined ? 'A login' : `A login of the class ${listed(due.unmet.acr, 'or')}`
  const age = due.unmet?.maxAgeSeconds
  if (age === undefined) return [`${kind}, and the same request with the new token.`]
  const fresh = age === 0 ? `made after ${utc(challengedAt(record, due))}` : `at most ${span(age)} old`
  return [`${kind} ${fresh}, and the same request with the new token.`]
}

/** A challenge that is still open is not made again: the login has to be newer than that one. */
function challengedAt({ at, past }: ReadRecord, { marksChallenge }: Decision): number {
  const before = Math.max(past?.session?.challengedAtMs ?? 0, past?.profile?.challengedAtMs ?? 0)
  return marksChallenge === false && before > 0 ? before : Date.parse(at)
}

function otherwise({ rule }: Decision): readonly string[] {
  return rule === undefined ? [] : [`Or facts for which the condition of the rule ${rule} does not hold.`]
}

function throttled({ at }: ReadRecord, { limit, rule, retryAfterSeconds = 0 }: Decision): readonly string[] {
  const free = utc(Date.parse(at) + retryAfterSeconds * 1000)
  const wait = `The same request after ${span(retryAfterSeconds)}, at ${free}, if the caller has paused until then.`
  if (limit !== undefined) {
    const { limit: name, max, used, windowSeconds } = limit
    return [
      wait,
      `Or at most ${plural(max, 'request')} within ${windowSeconds} s (this was number ${used}), or a greater limit ${name}.`,
    ]
  }
  if (rule !== undefined) return [`Facts for which the condition of the rule ${rule} does not hold.`, wait]
  return [wait, 'Or a rate nearer to this identity’s habit.']
}

function denied(record: ReadRecord, due: Decision): readonly string[] {
  const { failure, rule } = due
  if (failure === 'policy.scope.insufficient') return [scopes(record, due)]
  if (failure === 'policy.default.denied') return calmer(record, due)
  if (failure === 'policy.rule.denied' && rule !== undefined) {
    return [
      `Facts for which the condition of the rule ${labelOf(due)} does not hold.`,
      `Or a rule before ${rule} that lets this request pass.`,
    ]
  }
  return [isFailure(failure) ? remedyOf(failure) : 'This version of vigil does not know the reason.']
}

function scopes({ subject }: ReadRecord, { scopes: needed = [] }: Decision): string {
  const held = subject?.state === 'identified' ? subject.credential.scopes : []
  const missing = needed.filter((scope) => !held.includes(scope))
  return `A token that also holds ${missing.length === 1 ? 'the scope' : 'the scopes'} ${listed(missing)}: the client must ask for it, and the user may have to agree.`
}

/** The default table decided: which findings, taken away, lead to a cell that lets the request pass. */
function calmer({ facts, assessment }: ReadRecord, { reasons }: Decision): readonly string[] {
  const sensitivity = facts?.action.sensitivity ?? ''
  if (assessment === undefined || !isRow(sensitivity)) return []
  if (!reasons.some((reason) => reason.startsWith('policy.default.'))) return []
  const { score, findings } = assessment
  const row = DEFAULT_TABLE[sensitivity]
  const effectWithout = (nats: number) => {
    const level = levelWithout(score, nats)
    return level === undefined
      ? undefined
      : { level, effect: (row as Readonly<Record<string, string>>)[level] ?? 'deny' }
  }
  const alone = findings.flatMap(({ reason, nats }) => {
    const without = effectWithout(nats)
    return without !== undefined && passes(without.effect)
      ? [
          `Without the finding ${reason} the risk would have been ${without.level}, and the default table gives ${without.effect} there.`,
        ]
      : []
  })
  if (alone.length > 0) return alone
  const worries = findings.filter(({ nats }) => nats > 0)
  const without = effectWithout(worries.reduce((sum, { nats }) => sum + nats, 0))
  if (worries.length === 0 || without === undefined) return []
  const gives = passes(without.effect)
    ? `and the default table gives ${without.effect} there`
    : `where the default table still gives ${without.effect}`
  return [
    `Without ${worries.length === 1 ? 'the finding' : 'all of the findings'} ${listed(worries.map(({ reason }) => reason))} the risk would have been ${without.level}, ${gives}.`,
  ]
}

const isRow = (word: string): word is keyof typeof DEFAULT_TABLE => Object.hasOwn(DEFAULT_TABLE, word)
