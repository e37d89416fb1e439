import type { SkimmedRecord } from '../../audit/skim.ts'
import { nameOf } from '../explain/who.ts'
import { createTop, cutKey } from './top.ts'

/** Who is hit most: refused, or passed only because something is on trial. */
export interface IdentityKept {
  refused: number
  /** Passed in observe mode, and would have been refused. */
  observed: number
  /** Passed, and would have been refused by a shadow rule. */
  shadow: number
}

export const MOST_IDENTITIES = 2000

export function createIdentities() {
  const identities = createTop<IdentityKept>(MOST_IDENTITIES, () => ({ refused: 0, observed: 0, shadow: 0 }))
  return {
    add: (record: SkimmedRecord, isPassed: boolean, isObserved: boolean, isShadowed: boolean): void => {
      if (isPassed && !isObserved && !isShadowed) return
      const kept = identities.count(identityOf(record))
      if (!isPassed) kept.refused++
      if (isObserved) kept.observed++
      if (isShadowed) kept.shadow++
    },
    read: () => identities.list(),
    full: () => (identities.isFull ? ['identities'] : []),
  }
}

/** The same name at two issuers is two identities. */
function identityOf(record: SkimmedRecord): string {
  const { subject } = record
  const issuer = subject?.state === 'identified' ? ` at ${subject.credential.issuer}` : ''
  return cutKey(`${nameOf(record)}${issuer}`)
}
