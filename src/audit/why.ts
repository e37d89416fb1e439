import { FAILURES } from '../errors.ts'
import type { Decision, Outcome } from '../model.ts'

/** Why a check did not pass, in one sentence for a person; undefined where it did. Never part of an answer. */
export function whyOf(outcome: Outcome): string | undefined {
  const { decision } = outcome
  switch (decision.effect) {
    case 'deny':
    case 'unavailable':
      return joined(FAILURES[decision.failure].sentence, detailOf(outcome, decision))
    case 'step-up':
      return 'The action needs a stronger or more recent login.'
    case 'throttle':
      return decision.limit === undefined
        ? 'The request does not fit this identity’s own habit.'
        : `The limit ${decision.limit.limit} is used up.`
    default:
      return undefined
  }
}

type Refusing = Extract<Decision, { effect: 'deny' | 'unavailable' }>

/** What was found by the stage whose failure decided: a refused token says nothing about a request that was malformed. */
function detailOf({ stages }: Outcome, { failure }: Refusing): string | undefined {
  const subject = stages?.subject
  return subject?.state === 'refused' && subject.failure === failure ? subject.detail : undefined
}

const joined = (sentence: string, detail: string | undefined): string =>
  detail === undefined ? sentence : `${sentence.replace(/\.$/, '')}: ${detail}.`
