import type { Check, Facts, SingleUse, Subject } from '../model.ts'
import type { StoreCommand } from '../store/store.ts'
import type { HistoryConfig, Limit } from './compile.ts'
import type { HistoryKeys, IdentityKeys } from './keys.ts'
import { windowAt, windowTtlMs } from './rate.ts'
import type { LocalUse } from './replay.ts'
import { attemptName } from './uses.ts'

export const MINUTE_MS = 60_000

/**
 * What one check asks of the store. `commands` holds, in this order: a claim per use; for an identity profile, session
 * and its minutes; the windows of each limit.
 */
export interface Question {
  readonly commands: readonly StoreCommand[]
  readonly uses: readonly { readonly use: SingleUse; readonly attempt: string; readonly local: LocalUse }[]
  readonly identity: IdentityKeys | undefined
  readonly limits: readonly Limit[]
  /** This check adds to the counts; false when the edge, or this process for its first try, has counted it already. */
  readonly isCounting: boolean
}

/** Builds the one wait of a check, and remembers its uses in this process. */
export function ask(check: Check, subject: Subject, facts: Facts, config: HistoryConfig): Question {
  const commands: StoreCommand[] = []
  const uses = subject.state === 'identified' ? claims(check, subject, facts, config, commands) : NO_USES
  const isCounting = !(subject.state === 'identified' && (subject.isCounted || uses.some(isSeenHere)))
  const count = (prefix: string, windowMs: number) => {
    const window = windowAt(check.atMs, windowMs)
    commands.push({ op: 'window', key: prefix, window, ttlMs: windowTtlMs(windowMs), adds: isCounting })
  }
  const identity = subject.state === 'identified' ? config.keys.of(subject.credential) : undefined
  if (identity !== undefined) {
    commands.push({ op: 'get', key: identity.profile }, { op: 'get', key: identity.session })
    count(identity.minute, MINUTE_MS)
  }
  const limits: Limit[] = []
  for (const limit of config.limits) {
    if (limit.actions !== undefined && !limit.actions.has(facts.action.name)) continue
    const prefix = limitPrefix(limit, identity, facts, config.keys)
    if (prefix === undefined) continue
    limits.push(limit)
    count(prefix + limit.id, limit.windowMs)
  }
  return { commands, uses, identity, limits, isCounting }
}

/** Envoy's own retry of a check whose first try came to this process, and so has been counted. */
const isSeenHere = ({ local }: Question['uses'][number]): boolean => local === 'retry'

const NO_USES: Question['uses'] = []

function claims(
  check: Check,
  subject: Subject & { state: 'identified' },
  facts: Facts,
  config: HistoryConfig,
  commands: StoreCommand[],
): Question['uses'] {
  if (subject.uses.length === 0) return NO_USES
  const attempt = attemptName(check)
  return subject.uses.map((use) => {
    const key = config.keys.use(subject.credential, use, facts.entrypoint)
    commands.push({ op: 'claim', key, value: attempt, ttlMs: Math.max(1, Math.ceil(use.ttlMs)) })
    return { use, attempt, local: config.replay.claim(key, attempt) }
  })
}

/** Where a limit counts; undefined where there is nothing to count by, e.g. no identity or no client. */
function limitPrefix(
  limit: Limit,
  identity: IdentityKeys | undefined,
  facts: Facts,
  keys: HistoryKeys,
): string | undefined {
  if (limit.per === 'address') {
    return facts.address.ip === undefined ? undefined : keys.addressLimit(facts.address.ip)
  }
  // Callers who have not said who they are must not use up what is shared by those who have.
  if (identity === undefined) return undefined
  switch (limit.per) {
    case 'subject':
      return identity.subjectLimit
    case 'session':
      return identity.sessionLimit
    case 'client':
      return identity.clientLimit
    case 'action':
      return keys.actionLimit(facts.action.name)
  }
}
