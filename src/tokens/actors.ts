import type { Actor } from '../model.ts'
import { isPlainObject } from './json.ts'

/** RFC 8693 lets actors nest without end; only the outermost counts, and nobody needs more of them (ACT-06). */
const MAX_ACTORS = 5

/**
 * What is wrong with an `act` claim, or undefined. Every actor of the chain must name itself: a chain that cannot be
 * read to its end is refused whole. Looks at no more than five of them, however deep it goes.
 */
export function flawOfActors(act: unknown): string | undefined {
  let actor = act
  for (let depth = 0; actor !== undefined; depth++) {
    if (depth === MAX_ACTORS) return `act nests more than ${MAX_ACTORS} deep`
    if (!isPlainObject(actor)) return 'act is of the wrong type'
    const { sub, iss } = actor
    if (!isText(sub)) return 'act has no sub that is a text'
    if (iss !== undefined && !isText(iss)) return 'act has an iss that is no text'
    actor = actor['act']
  }
  return undefined
}

/**
 * The actors of an `act` claim without flaw: the current one first (RFC 8693 section 4.1). Only what names an actor is
 * read: `exp`, `aud` or scopes inside `act` mean nothing (ACT-03).
 */
export function actorsOf(act: unknown): readonly Actor[] {
  const actors: Actor[] = []
  let actor = act
  while (isPlainObject(actor)) {
    const { sub, iss } = actor as { sub: string; iss?: string }
    actors.push(iss === undefined ? { subject: sub } : { issuer: iss, subject: sub })
    actor = actor['act']
  }
  return actors
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''
