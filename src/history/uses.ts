import { hash } from 'node:crypto'
import type { Check, SingleUse, UseState } from '../model.ts'
import type { LocalUse } from './replay.ts'

export interface UseEvidence {
  readonly use: SingleUse
  readonly local: LocalUse
  /** This check's attempt, equal only for Envoy's own retry of one check. */
  readonly attempt: string
  /** The attempt that stood in the store before; null: none; undefined: the store did not answer. */
  readonly stored: string | null | undefined
  /** Claims older than this may be lost. */
  readonly primarySinceMs: number | undefined
}

/** What a use is claimed under: of one length, and without the address of anybody. */
export const attemptName = (check: Check): string => hash('sha256', check.attempt, 'base64url')

/** RFC 9449 section 11.1: was this proof (or hop) used before, seen from the store and from this process. */
export function useState(evidence: UseEvidence): UseState {
  const state = stateOf(evidence)
  return state === 'repeated' && evidence.use.mayRepeat ? 'retry' : state
}

function stateOf({ use, local, attempt, stored, primarySinceMs }: UseEvidence): UseState {
  if (local === 'repeated') return 'repeated'
  // The same attempt proves nothing here: its first try may have been a replay that the store was not there to see.
  if (stored === undefined) return 'unavailable'
  if (stored !== null && stored !== attempt) return 'repeated'
  // The claim of an earlier use may have gone with the primary that held it (asynchronous replication, restart).
  if (primarySinceMs !== undefined && use.issuedAtMs < primarySinceMs) return 'outdated'
  return stored === null && local === 'first' ? 'first' : 'retry'
}
