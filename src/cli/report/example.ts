import type { SkimmedRecord } from '../../audit/skim.ts'
import { printable } from '../../lib/printable.ts'
import { requestOf } from '../explain/explanation.ts'
import { nameOf } from '../explain/who.ts'

/** One record that shows what a rule did or would have done. */
export interface Example {
  readonly id: string
  readonly at: string
  readonly identity: string
  readonly request: string
  readonly effect: string
  readonly reasons: readonly string[]
  readonly why?: string | undefined
}

/** Kept per rule; others of the same identity tell nothing new. */
export const MOST_EXAMPLES = 3

const MOST_REASONS = 8

export function addExample(
  examples: Example[],
  record: SkimmedRecord,
  effect: string,
  why = record.why,
): void {
  if (examples.length >= MOST_EXAMPLES) return
  const identity = short(nameOf(record))
  if (examples.some((each) => each.identity === identity)) return
  examples.push({
    id: short(record.id),
    at: short(record.at),
    identity,
    request: short(requestOf(record)),
    effect: short(effect),
    reasons: record.decision.reasons.slice(0, MOST_REASONS).map(short),
    why: why === undefined ? undefined : short(why),
  })
}

/** Made of new characters, so that no example keeps a whole record in memory. */
const short = (text: string): string => Buffer.from(printable(text, 300), 'utf16le').toString('utf16le')
