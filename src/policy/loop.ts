import { CHALLENGE_WINDOW_MS, type Decision, type Past, type Subject } from '../model.ts'

/** Challenges of one session within ten minutes that a login has not helped; then asking once more is pointless. */
const MAX_CHALLENGES = 3

/**
 * The loop guard (SU-08): an issuer that cannot give what is asked for would send a person to and fro for ever. Whoever
 * comes back with yet another new token that is still not enough is denied instead. Requests with a token from before
 * the last challenge are challenged as before: they are no further round.
 */
export function endLoop(decision: Decision, subject: Subject, past: Past, atMs: number): Decision {
  if (decision.effect !== 'step-up' || subject.state !== 'identified') return decision
  const before = past.session?.challenges
  if (before === undefined || before.count < MAX_CHALLENGES) return decision
  const isOver = atMs - before.sinceMs >= CHALLENGE_WINDOW_MS
  const { issuedAt } = subject.credential
  if (isOver || issuedAt === undefined || issuedAt * 1000 <= before.lastMs) return decision
  const { unmet: _unmet, marksChallenge: _marks, ...frame } = decision
  const failure = 'policy.authentication.looping'
  return { ...frame, effect: 'deny', failure, reasons: [failure, ...decision.reasons] }
}
