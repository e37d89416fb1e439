import type { FailureCode } from '../errors.ts'
import type { Answer, Check, Decision, Level, Subject } from '../model.ts'
import { identityHeaders, removalOf, wayHeaders } from './headers.ts'
import { nonceHeaders } from './nonce.ts'
import type { Way } from './way.ts'

/**
 * Observe mode: the answer of enforce mode becomes one that passes. A refusal passes as an answer of its own that holds
 * the refusal it would have been; nothing of that reaches the caller, no challenge and no status. Pure.
 * @param would what enforce mode answers
 * @param level undefined where nothing was assessed
 */
export function observe(
  would: Answer,
  decision: Decision,
  check: Check,
  subject: Subject,
  level: Level | undefined,
  way: Way | undefined,
): Answer {
  const metadata = { ...would.metadata, mode: 'observe' }
  // What this service itself has to tell is told in either mode.
  if (!('status' in would) || would.effect === 'reply') return { ...would, metadata }
  const known = isProved(decision, subject) ? subject : undefined
  const setHeaders = identityHeaders(known, level, check.id, decision)
  setHeaders.push(...wayHeaders(way))
  return {
    effect: 'observe',
    would,
    setHeaders,
    removeHeaders: removalOf(setHeaders, way),
    // A client that is not given a nonce could never show what it would do with one.
    responseHeaders: nonceHeaders(subject, check),
    metadata: { ...metadata, effect: 'observe', would: would.effect, wouldStatus: would.status },
  }
}

type Identified = Extract<Subject, { state: 'identified' }>

/**
 * Whether a subject has passed the part of the gate that asks who it is, so that the upstream may be told its name
 * although its request would be refused. Only refusals that come after that part are listed: of a replayed proof, a
 * token that should be bound, or a message that can be read in two ways nobody knows whose it is.
 */
export function isProved(decision: Decision, subject: Subject): subject is Identified {
  if (subject.state !== 'identified') return false
  if (subject.binding.isRequired && subject.binding.state !== 'verified') return false
  return !('failure' in decision) || AFTER_IDENTITY.has(decision.failure)
}

/** A code that is new is not among them until somebody has thought about it. */
const AFTER_IDENTITY: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'history.store.unavailable',
  'policy.action.unknown',
  'policy.scope.insufficient',
  'policy.authentication.impossible',
  'policy.authentication.looping',
  'policy.rule.denied',
  'policy.rule.error',
  'policy.rule.unknown',
  'policy.default.denied',
])
