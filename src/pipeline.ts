import { addressOf, gather } from './context/index.ts'
import { enforce, isProved, modeOf, observe } from './enforcement/index.ts'
import { recall } from './history/index.ts'
import { type AnswerMakers, equip, equipNobody, identify } from './identity/index.ts'
import type { Check, Decision, Entrypoint, Mode, Outcome, Subject } from './model.ts'
import { decide as decidePolicy } from './policy/index.ts'
import type { Timeline } from './ports.ts'
import { assess } from './risk/index.ts'
import type { Snapshot } from './snapshot.ts'

type Stages = NonNullable<Outcome['stages']>

/** The way of a check: who, what of this one, what we know, how worried, what follows, what Envoy is told. */
export async function decide(check: Check, snapshot: Snapshot, timeline?: Timeline): Promise<Outcome> {
  const entrypoint = snapshot.entrypoints.match(check)
  const subject = await identify(check, entrypoint, snapshot.identity)
  timeline?.mark('identity')
  const facts = await gather(check, entrypoint, subject, snapshot.context)
  timeline?.mark('context')
  const past = await recall(check, subject, facts, snapshot.history)
  timeline?.mark('history')
  const assessment = assess(check, subject, facts, past, snapshot.risk)
  timeline?.mark('risk')
  const decision = decidePolicy(check, subject, facts, past, assessment, snapshot.policy)
  timeline?.mark('policy')
  const outcome = answerTo(decision, check, { entrypoint, subject, facts, past, assessment }, snapshot)
  timeline?.mark('enforcement')
  return outcome
}

/** What Envoy is told: what the decision says or, where it is only observed, that the request passes. */
export function answerTo(
  decision: Decision,
  check: Check,
  stages: Stages,
  snapshot: Snapshot,
  makers: AnswerMakers = snapshot.identity,
): Outcome {
  const { entrypoint, subject, facts, assessment } = stages
  const { enforcement } = snapshot
  const mode = modeOf(check, entrypoint, subject, facts.address.ip, enforcement.modes)
  const isKnown = mode === 'observe' && isProved(decision, subject)
  const { level } = assessment
  const told = equip(subject, decision, check, entrypoint, makers, isKnown)
  const answer = enforce(decision, check, told.subject, level, told, enforcement)
  if (mode === 'enforce') return { check, stages, decision, mode: undefined, answer }
  const observed = observe(answer, decision, check, told.subject, level, told)
  return { check, stages, decision, mode, answer: observed }
}

type Refusing = Extract<Decision, { effect: 'deny' | 'unavailable' }>

const NOBODY: Subject = { state: 'anonymous' }

/** How a check that is decided again was treated, as its record tells it. */
export interface Treatment {
  readonly mode: Mode
  readonly entrypoint: Entrypoint
}

/**
 * The outcome of a check that no stage has seen: refused caller, no capacity, deadline, fault. Never a pass, but where
 * observe mode lets pass whoever shows nothing.
 */
export function refuseOutright(
  check: Check,
  failure: Refusing['failure'],
  snapshot: Snapshot,
  treatment: Treatment | undefined = outrightTreatmentOf(check, snapshot),
  makers: Pick<AnswerMakers, 'cookies'> = snapshot.identity,
): Outcome {
  const base = { reasons: [failure], failure, shadow: [], degraded: [] } as const
  const decision: Refusing =
    failure === 'check.caller.refused'
      ? { ...base, effect: 'deny' }
      : { ...base, effect: 'unavailable', retryAfterSeconds: snapshot.retryAfterSeconds }
  const answer = enforce(decision, check, NOBODY, 'critical', undefined, snapshot.enforcement)
  if (treatment?.mode !== 'observe') return { check, decision, mode: undefined, answer }
  const { mode, entrypoint } = treatment
  const way = equipNobody(check, entrypoint, makers)
  const observed = observe(answer, decision, check, NOBODY, undefined, way)
  return { check, entrypoint, decision, mode, answer: observed }
}

function outrightTreatmentOf(check: Check, { enforcement, entrypoints }: Snapshot): Treatment | undefined {
  // Where nothing is observed, a refusal must not depend on anything that could fail once more.
  if (enforcement.modes === undefined) return undefined
  const entrypoint = entrypoints.match(check)
  const { ip } = addressOf(check, entrypoint)
  return { mode: modeOf(check, entrypoint, NOBODY, ip, enforcement.modes), entrypoint }
}
