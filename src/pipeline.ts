import { gather } from './context/index.ts'
import { enforce } from './enforcement/index.ts'
import { recall } from './history/index.ts'
import { equip, identify } from './identity/index.ts'
import type { Check, Decision, Outcome } from './model.ts'
import { decide as decidePolicy } from './policy/index.ts'
import { assess } from './risk/index.ts'
import type { Snapshot } from './snapshot.ts'

/** The way of a check: who, what of this one, what we know, how worried, what follows, what Envoy is told. */
export async function decide(check: Check, snapshot: Snapshot): Promise<Outcome> {
  const entrypoint = snapshot.entrypoints.match(check)
  const subject = await identify(check, entrypoint, snapshot.identity)
  const facts = gather(check, entrypoint, subject, snapshot.context)
  const past = await recall(check, subject, facts, snapshot.history)
  const assessment = assess(check, subject, facts, past, snapshot.risk)
  const decision = decidePolicy(check, subject, facts, past, assessment, snapshot.policy)
  const equipped = equip(subject, decision, check, entrypoint, snapshot.identity)
  const answer = enforce(decision, check, equipped.subject, assessment.level, equipped, snapshot.enforcement)
  return { check, stages: { entrypoint, subject, facts, past, assessment }, decision, answer }
}

type Refusing = Extract<Decision, { effect: 'deny' | 'unavailable' }>

/** The outcome of a check that no stage has seen: refused caller, no capacity, deadline, fault. Never a pass. */
export function refuseOutright(check: Check, failure: Refusing['failure'], snapshot: Snapshot): Outcome {
  const base = { reasons: [failure], failure, shadow: [], degraded: [] } as const
  const decision: Refusing =
    failure === 'check.caller.refused'
      ? { ...base, effect: 'deny' }
      : { ...base, effect: 'unavailable', retryAfterSeconds: snapshot.retryAfterSeconds }
  const answer = enforce(decision, check, { state: 'anonymous' }, 'critical', undefined, snapshot.enforcement)
  return { check, decision, answer }
}
