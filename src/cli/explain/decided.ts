import type { ReadRecord } from '../../audit/reading.ts'
import { FAILURES, type FailureCode } from '../../errors.ts'
import { STEP_UP_SATISFIED } from '../../model.ts'

/** Which step of policy decided, and what it wanted. */
export interface Decided {
  readonly by: 'gate' | 'limit' | 'failure table' | 'rule' | 'default table' | 'service'
  /** Of a rule of the configuration. */
  readonly rule?: string
  readonly sentence: string
}

type Decision = ReadRecord['decision']

/** `vigil` of this version knows the code. */
export const isFailure = (code: string | undefined): code is FailureCode =>
  code !== undefined && Object.hasOwn(FAILURES, code)

export function decidedOf({ decision, facts, assessment }: ReadRecord): Decided {
  const { rule, reasons } = decision
  if (rule !== undefined) return byRule(rule, decision)
  const reason = reasons.find((each) => each !== STEP_UP_SATISFIED) ?? reasons[0]
  if (reason.startsWith('policy.limit.')) {
    const name = reason.slice('policy.limit.'.length)
    return { by: 'limit', sentence: `The hard limit ${name} (risk.limits) was used up, so it throttles.` }
  }
  if (reasons.some((each) => each.startsWith('policy.default.'))) {
    return { by: 'default table', sentence: byTable(decision, facts?.action.sensitivity, assessment?.level) }
  }
  if (reason === 'history.store.unavailable') {
    return {
      by: 'failure table',
      sentence: 'The failure table (failure.store) says that this action is not decided without the store.',
    }
  }
  if (facts === undefined || reason.startsWith('check.')) {
    return { by: 'service', sentence: `${sentenceOf(reason)} No rule was asked (${reason}).` }
  }
  return {
    by: 'gate',
    sentence: `The gate, which stands before every rule: ${sentenceOf(reason)} (${reason})`,
  }
}

function byRule(rule: string, decision: Decision): Decided {
  const { effect, reasons } = decision
  const label = labelOf(decision)
  const told = (sentence: string): Decided => ({ by: 'rule', rule, sentence })
  if (reasons[0] === STEP_UP_SATISFIED)
    return told(`The rule ${rule} wanted a step-up, and the login that it asks for has been made.`)
  if (reasons.includes('policy.rule.error'))
    return told(`A rule that goes wrong denies, and this one could not be evaluated: ${label}.`)
  if (reasons.includes('policy.rule.unknown'))
    return told(`A rule needed something that is missing here, and then it acts (${effect}): ${label}.`)
  return told(`The condition of the rule ${label} held, and it wants: ${effect}.`)
}

const STEPS_UP = 'asked for by the rule '

/** Name of the rule that decided, with its description and what of its condition could not be told, where the record has them. */
export function labelOf({ rule = 'of no name', detail }: Decision): string {
  if (detail === undefined) return rule
  return detail.startsWith(STEPS_UP) ? detail.slice(STEPS_UP.length) : detail
}

function byTable({ effect, reasons }: Decision, sensitivity = 'unknown', level = 'unknown'): string {
  if (reasons.includes('policy.default.rate-anomaly')) {
    return 'No rule matched; far more requests than this identity’s habit are slowed down whatever the default table says.'
  }
  const cell = `No rule matched, so the default table decides: ${sensitivity} sensitivity at ${level} risk`
  return reasons[0] === STEP_UP_SATISFIED
    ? `${cell} wants a step-up, and the login that it asks for has been made.`
    : `${cell} gives ${effect}.`
}

const sentenceOf = (reason: string): string => {
  if (reason === 'policy.authentication.unmet') return 'The action needs a stronger or more recent login.'
  return isFailure(reason) ? FAILURES[reason].sentence : 'A reason that this version of vigil does not know.'
}
