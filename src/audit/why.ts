import { FAILURES } from '../errors.ts'
import type { Decision, Outcome } from '../model.ts'

/** Why a decision keeps a check from passing, in one sentence for a person; else undefined. Never part of an answer. */
export function whyOf(outcome: Outcome): string | undefined {
  const { decision } = outcome
  switch (decision.effect) {
    case 'deny':
    case 'unavailable':
      return joined(FAILURES[decision.failure].sentence, detailOf(outcome, decision))
    case 'step-up':
      return joined('The action needs a stronger or more recent login.', decision.detail)
    case 'throttle':
      return pauseOf(decision)
    default:
      return undefined
  }
}

function pauseOf({ limit, rule, detail }: Extract<Decision, { effect: 'throttle' }>): string {
  if (limit !== undefined) return `The limit ${limit.limit} is used up.`
  return rule === undefined
    ? 'The request does not fit this identity’s own habit.'
    : joined('A rule slows this request down.', detail)
}

type Refusing = Extract<Decision, { effect: 'deny' | 'unavailable' }>

/** What was found by the stage whose failure decided: a refused token says nothing about a request that was malformed. */
function detailOf({ check, stages }: Outcome, { failure, detail }: Refusing): string | undefined {
  if (detail !== undefined) return detail
  if (check.malformed === failure) return check.malformedDetail
  if (stages === undefined) return undefined
  const { subject, facts } = stages
  if (facts.refusal === failure) return facts.refusalDetail
  if (failure === 'policy.action.unknown' && facts.action.name === 'unknown-tool') return UNKNOWN_TOOL
  return subject.state === 'refused' && subject.failure === failure ? subject.detail : undefined
}

const UNKNOWN_TOOL =
  'it calls a tool of MCP that no action names, or its headers tell none under a version of context.mcp.versions'

const joined = (sentence: string, detail: string | undefined): string =>
  detail === undefined ? sentence : `${sentence.replace(/\.$/, '')}: ${detail}.`
