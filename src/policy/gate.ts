import { FAILURES, type FailureCode } from '../errors.ts'
import type { Check, Facts, Past, Requirement, SingleUse, Subject, UseState } from '../model.ts'
import type { PolicyConfig } from './config.ts'
import { unmetOf } from './step-up.ts'

/** The refusals that stand before every rule. Rules and shadows are not looked at until all of them are passed. */

export type Refusal =
  | { readonly effect: 'deny'; readonly failure: FailureCode; readonly scopes?: readonly string[] }
  | { readonly effect: 'unavailable'; readonly failure: FailureCode }
  | { readonly effect: 'step-up'; readonly unmet: Requirement }

export type Passage =
  | { readonly isOpen: true; readonly degraded: readonly string[] }
  | { readonly isOpen: false; readonly refusal: Refusal }

/** A nonce or hop of at most this age stands in for the shared replay store (contract: failure table). */
const FRESH_MS = 30_000

const shut = (refusal: Refusal): Passage => ({ isOpen: false, refusal })
const OPEN: Passage = { isOpen: true, degraded: [] }
const OPEN_DEGRADED: Passage = { isOpen: true, degraded: ['replay'] }

/** A failure is Vigil's own fault or the caller's, as the table of failures says. */
const refuse = (failure: FailureCode): Refusal => ({
  effect: FAILURES[failure].problem === 'unavailable' ? 'unavailable' : 'deny',
  failure,
})

/** Who shows nothing that is accepted is told which scopes it takes (RFC 6750 section 3). */
const askForCredential = (failure: FailureCode, { action: { scopes } }: Facts): Refusal =>
  scopes.length === 0 ? refuse(failure) : { effect: 'deny', failure, scopes }

/**
 * Runs a check through the gate: request, credential, binding, single use, action, scopes, authentication.
 * The order is that of the answers: who has shown nothing is asked for a credential before anything else is told.
 */
export function passGate(
  check: Check,
  subject: Subject,
  facts: Facts,
  past: Past,
  config: PolicyConfig,
): Passage {
  const refusal = refuseRequest(check, facts) ?? refuseSubject(subject, facts)
  if (refusal !== undefined) return shut(refusal)
  const used = passSingleUse(check, subject, facts, past, config)
  if (!used.isOpen) return used
  const second =
    refuseAction(facts, config) ?? refuseRights(subject, facts) ?? refuseLogin(check, subject, facts)
  return second === undefined ? used : shut(second)
}

/** What the edge found in the message, then what the configuration does not take of it. */
function refuseRequest(check: Check, facts: Facts): Refusal | undefined {
  const failure = check.malformed ?? facts.refusal
  return failure === undefined ? undefined : refuse(failure)
}

function refuseSubject(subject: Subject, facts: Facts): Refusal | undefined {
  switch (subject.state) {
    case 'refused':
      return FAILURES[subject.failure].problem === 'authentication-required'
        ? askForCredential(subject.failure, facts)
        : refuse(subject.failure)
    case 'anonymous':
      return facts.action.allowsAnonymous ? undefined : askForCredential('identity.credential.missing', facts)
    case 'identified': {
      const { isRequired, state } = subject.binding
      return isRequired && state !== 'verified' ? refuse('identity.binding.absent') : undefined
    }
    default:
      return refuse('check.fault.unexpected')
  }
}

/** What a second use of each kind is called. */
const REPEATED = { proof: 'identity.dpop.replayed', hop: 'identity.hop.repeated' } as const

function passSingleUse(
  check: Check,
  subject: Subject,
  facts: Facts,
  past: Past,
  config: PolicyConfig,
): Passage {
  const uses = subject.state === 'identified' ? subject.uses : []
  let passage = OPEN
  for (const kind of ['proof', 'hop'] as const) {
    if (past[kind] === 'repeated') return shut(refuse(REPEATED[kind]))
    for (const use of uses) {
      if (use.kind !== kind || isSpentOnce(past[kind])) continue
      const refusal = refuseUnrecorded(
        use,
        past[kind],
        check,
        config.failure.replay[facts.action.sensitivity],
      )
      if (refusal !== undefined) return shut(refusal)
      passage = OPEN_DEGRADED
    }
  }
  return passage
}

/** `none` for a use that was shown means that nobody looked, which is no better than `unavailable`. */
const isSpentOnce = (state: UseState): boolean => state === 'first' || state === 'retry'

/** A use that the shared store could not record: the local replay cache has not seen it, so only freshness is left to ask. */
function refuseUnrecorded(
  use: SingleUse,
  state: UseState,
  check: Check,
  row: 'degrade' | 'unavailable',
): Refusal | undefined {
  // The store is there, and knows all that is made from now on: a fresh nonce is worth the round trip.
  if (state === 'outdated' && use.kind === 'proof') return refuse('identity.dpop.nonce-required')
  if (row !== 'degrade') return refuse('history.replay.unavailable')
  if (use.kind === 'hop') {
    // A hop is itself a time stamp of this service, and a client has no nonce to give for it.
    const isFresh = check.atMs - use.issuedAtMs <= FRESH_MS
    return isFresh ? undefined : refuse('history.replay.unavailable')
  }
  const isFresh = use.nonceAgeMs !== undefined && use.nonceAgeMs <= FRESH_MS
  return isFresh ? undefined : refuse('identity.dpop.nonce-required')
}

function refuseAction(facts: Facts, config: PolicyConfig): Refusal | undefined {
  const isTaken = facts.action.isKnown || config.unknownAction === 'evaluate'
  return isTaken ? undefined : refuse('policy.action.unknown')
}

function refuseRights(subject: Subject, facts: Facts): Refusal | undefined {
  const { scopes } = facts.action
  if (scopes.length === 0) return undefined
  if (subject.state !== 'identified') return askForCredential('identity.credential.missing', facts)
  const isHeld = scopes.every((scope) => subject.credential.scopes.includes(scope))
  return isHeld ? undefined : { effect: 'deny', failure: 'policy.scope.insufficient', scopes }
}

function refuseLogin(check: Check, subject: Subject, facts: Facts): Refusal | undefined {
  const required = facts.action.authentication
  if (required === undefined) return undefined
  if (subject.state !== 'identified') return askForCredential('identity.credential.missing', facts)
  const unmet = unmetOf(required, subject.credential, check.atMs)
  if (unmet === undefined) return undefined
  // Nobody is there to log in (SU-09).
  if (subject.credential.kind !== 'user') return refuse('policy.authentication.impossible')
  return { effect: 'step-up', unmet }
}
