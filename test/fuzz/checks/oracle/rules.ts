/** What the rules of a world say, each written once more as a function of what the oracle has seen. */

import type { RuleSettings } from '../settings.ts'
import type { AskedFor } from './action.ts'
import type { Who } from './identity.ts'
import type { Seen } from './seen.ts'

export interface Judged {
  readonly seen: Seen
  readonly who: Who | undefined
  readonly action: AskedFor
}

/** Whether the rule takes the request. What is missing makes a rule that denies take it, and one that allows leave it. */
const TAKES: Readonly<Record<string, (judged: Judged) => boolean>> = {
  'open-everything': () => true,
  'no-deletes': ({ seen }) => seen.method === 'DELETE',
  'no-partner-host': ({ seen }) => seen.host === 'partner.example.com',
  'bound-only': ({ who }) => who?.isProved !== true,
  'no-agents': ({ who }) => who?.token?.actor !== undefined,
  'no-machines': ({ who }) => who === undefined || who.kind === 'machine',
  'attested-only': ({ who }) => who?.posture.isAttested !== true,
  'encrypted-only': ({ who }) => who?.posture.disk !== 'encrypted',
  'encrypted-opens': ({ who }) => who?.posture.disk === 'encrypted',
  'own-accounts': ({ who, action }) => action.name === 'transfer' && !isOwn(who, action),
  'no-refund-of-all': ({ action }) =>
    action.name === 'refund-tools' && action.params['tool'] === 'refund_all',
  'fresh-for-medium': ({ action }) => action.sensitivity === 'medium',
  'slow-down': ({ seen }) => seen.path === '/v1/items/slow',
}

function isOwn(who: Who | undefined, { params }: AskedFor): boolean {
  const accounts = who?.token?.claims['accounts']
  return Array.isArray(accounts) && accounts.includes(params['account'])
}

/** The effect of the first rule that takes it; undefined: none does. @throws for a rule that is not written here */
export function ruleFor(rules: readonly RuleSettings[], judged: Judged): RuleSettings['effect'] | undefined {
  return rules.find(({ name }) => {
    const takes = TAKES[name]
    if (takes === undefined) throw new Error(`the oracle does not know the rule ${name}`)
    return takes(judged)
  })?.effect
}
