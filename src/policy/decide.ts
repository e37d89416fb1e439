import type { FailureCode } from '../errors.ts'
import {
  type Assessment,
  type Check,
  type Decision,
  type Facts,
  OWN_ACTIONS,
  type Past,
  type Reason,
  type Requirement,
  type ShadowOutcome,
  STEP_UP_SATISFIED,
  type Subject,
} from '../model.ts'
import type { PolicyConfig } from './config.ts'
import { defaultEffect, defaultReason } from './default-table.ts'
import { Scope } from './engine.ts'
import { explain } from './explain.ts'
import { passGate, type Refusal } from './gate.ts'
import { endLoop } from './loop.ts'
import { type Rule, type Ruling, rule } from './rules.ts'
import { challengeOf } from './step-up.ts'
import { ANOMALY_RETRY_SECONDS, excessOf } from './throttle.ts'

type Reasons = readonly [Reason, ...Reason[]]

/** What every decision carries besides its effect. */
interface Frame {
  readonly reasons: Reasons
  readonly rule: string | undefined
  readonly detail: string | undefined
  readonly shadow: readonly ShadowOutcome[]
  readonly degraded: readonly string[]
}

/** Always the same members: one shape of decision is built and written faster than many. */
const NO_RULE = { rule: undefined, detail: undefined } as const

/** Of one check, what a step-up needs to be decided. */
interface Caller {
  readonly atMs: number
  readonly subject: Subject
  readonly past: Past
}

/**
 * What follows for one check: gate, hard limits, failure table, rules, default table, in this order; the first that
 * speaks decides. Pure. Every way through ends in a decision with a reason: there is no value for "nothing evaluated".
 */
export function decide(
  check: Check,
  subject: Subject,
  facts: Facts,
  past: Past,
  assessment: Assessment,
  config: PolicyConfig,
): Decision {
  const decision = judge(check, subject, facts, past, assessment, config)
  return endLoop(decision, subject, past, check.atMs)
}

function judge(
  check: Check,
  subject: Subject,
  facts: Facts,
  past: Past,
  assessment: Assessment,
  config: PolicyConfig,
): Decision {
  const missing = [...assessment.failed, ...(assessment.blind ?? [])]
  const lost = [...past.degraded, ...missing.map((id) => `signal:${id}`)]
  const gate = passGate(check, subject, facts, past, config)
  if (!gate.isOpen) return refusalOf(gate.refusal, lost, config)
  const degraded = [...lost, ...gate.degraded]

  const excess = excessOf(past.limits)
  if (excess !== undefined) return { effect: 'throttle', ...excess, ...NO_RULE, shadow: [], degraded }

  const { sensitivity, name } = facts.action
  if (Object.hasOwn(OWN_ACTIONS, name)) {
    return { effect: 'allow', reasons: [`policy.action.${name}`], ...NO_RULE, shadow: [], degraded }
  }
  if (past.degraded.includes('store') && config.failure.store[sensitivity] !== 'degrade') {
    return refusalOf({ effect: 'unavailable', failure: 'history.store.unavailable' }, degraded, config)
  }

  const tenant = (subject.state === 'identified' && subject.credential.tenant) || undefined
  const scope = new Scope({ check, subject, facts, past, assessment, headers: config.headers })
  const ruling = rule(config.rules.candidates(facts.action, tenant), scope, sensitivity)
  const seen = { shadow: ruling.shadow, degraded: [...degraded, ...ruling.skipped] }
  const caller = { atMs: check.atMs, subject, past }
  if (ruling.rule === undefined) return byDefault(caller, facts, assessment, config, seen)
  const detail = explain(ruling.rule, ruling.cause, scope)
  const otherwise = facts.action.authentication ?? config.stepUp
  return byRule(caller, ruling.rule, ruling.cause, otherwise, { ...seen, detail })
}

function refusalOf(refusal: Refusal, degraded: readonly string[], config: PolicyConfig): Decision {
  if (refusal.effect === 'step-up') {
    const reasons: Reasons = ['policy.authentication.unmet']
    return { ...refusal, marksChallenge: false, reasons, ...NO_RULE, shadow: [], degraded }
  }
  const frame: Frame = { reasons: [refusal.failure], ...NO_RULE, shadow: [], degraded }
  if (refusal.effect === 'unavailable') {
    return { ...refusal, retryAfterSeconds: config.retryAfterSeconds, ...frame }
  }
  return { ...refusal, ...frame }
}

const deny = (failure: FailureCode, frame: Frame): Decision => ({ effect: 'deny', failure, ...frame })

/** The reason of the failure stands first, what led to it after it. */
const denyBecause = (failure: FailureCode, frame: Frame): Decision =>
  deny(failure, { ...frame, reasons: [failure, ...frame.reasons] })

function byRule(
  caller: Caller,
  acting: Rule,
  cause: Ruling['cause'],
  otherwise: Requirement,
  rest: Pick<Frame, 'shadow' | 'degraded' | 'detail'>,
): Decision {
  const frame: Frame = { ...rest, reasons: [acting.reason], rule: acting.name }
  if (cause === 'error') return denyBecause('policy.rule.error', frame)
  const isUnknown = cause === 'unknown'
  const noted: Frame = isUnknown ? { ...frame, reasons: [acting.reason, 'policy.rule.unknown'] } : frame
  switch (acting.effect) {
    case 'allow':
    case 'monitor':
      return { effect: acting.effect, ...frame }
    case 'step-up':
      return stepUp(caller, acting.stepUp ?? otherwise, noted)
    case 'throttle':
      return { effect: 'throttle', retryAfterSeconds: acting.retryAfterSeconds, ...noted }
    default:
      return isUnknown ? denyBecause('policy.rule.unknown', frame) : deny('policy.rule.denied', frame)
  }
}

/** A finding that throttles whatever the table says: slowing down is the answer to a rate, logging in is not. */
const BURST: Reason = 'risk.request-rate.burst'

function byDefault(
  caller: Caller,
  facts: Facts,
  assessment: Assessment,
  config: PolicyConfig,
  rest: Pick<Frame, 'shadow' | 'degraded'>,
): Decision {
  const { sensitivity, authentication } = facts.action
  if (assessment.findings.some((finding) => finding.reason === BURST)) {
    const reasons: Reasons = ['policy.default.rate-anomaly', BURST]
    return { effect: 'throttle', retryAfterSeconds: ANOMALY_RETRY_SECONDS, reasons, ...NO_RULE, ...rest }
  }
  const frame: Frame = { ...rest, ...NO_RULE, reasons: [defaultReason(sensitivity, assessment.level)] }
  const effect = defaultEffect(sensitivity, assessment.level)
  switch (effect) {
    case 'allow':
    case 'monitor':
      return { effect, ...frame }
    case 'step-up':
      return stepUp(caller, authentication ?? config.stepUp, frame)
    default:
      return deny('policy.default.denied', frame)
  }
}

function stepUp({ atMs, subject, past }: Caller, required: Requirement, frame: Frame): Decision {
  if (subject.state !== 'identified') return denyBecause('identity.credential.missing', frame)
  const challenge = challengeOf(required, subject.credential, past, atMs)
  if (challenge === undefined) {
    // It passes, so there is nothing to explain.
    return { effect: 'monitor', ...frame, detail: undefined, reasons: [STEP_UP_SATISFIED, ...frame.reasons] }
  }
  // Nobody is there to log in (SU-09).
  if (subject.credential.kind !== 'user') return denyBecause('policy.authentication.impossible', frame)
  return { effect: 'step-up', ...challenge, ...frame }
}
