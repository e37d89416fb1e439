/**
 * May this request be allowed? Written from the contract and the pages, with none of the code that decides: it reads the
 * bytes itself, keeps by itself what was used before, and knows who was issued what. It need not say why Vigil refuses
 * something that may pass (worry, limits); where Vigil lets pass what may not, one of the two is wrong.
 */
import type { StoreState } from '../draft.ts'
import { createLedger, type Ledger } from '../ledger.ts'
import type { Caller, World } from '../settings.ts'
import { type AskedFor, actionOf } from './action.ts'
import { identityOf, type Use, type Who } from './identity.ts'
import { isObservedSomewhere, isObservedWhole, mayBeObserved } from './mode.ts'
import { ruleFor } from './rules.ts'
import { asksForCanary, readSeen, type Seen } from './seen.ts'

export interface Question {
  readonly bytes: Buffer
  readonly caller: Caller
  readonly atMs: number
  readonly store: StoreState
}

export interface Verdict {
  /** May pass where decisions are carried out. */
  readonly mayPass: boolean
  /** Why not, in a word. */
  readonly why: string
  /** Who may be named to the application: it has proved who it is. */
  readonly who: Who | undefined
  /** The resource of which Vigil itself tells the metadata (RFC 9728); absent: the answer is the application's. */
  readonly tells?: string | undefined
  /** Whether it may pass whatever was decided, because it is only observed. */
  readonly isObserved: boolean
  /** The same if nobody is known: where Vigil refuses a credential that the oracle takes, its tenant says nothing. */
  readonly isObservedUnknown: boolean
  readonly seen: Seen | undefined
}

interface Used {
  readonly attempt: string | undefined
}

/** What an oracle remembers of one case. */
export interface Memory {
  readonly ledger: Ledger
  readonly uses: Map<string, Used>
  /** When whom a login was asked of. */
  readonly challenges: { readonly id: string; readonly atMs: number }[]
}

export const createMemory = (ledger = createLedger()): Memory => ({ ledger, uses: new Map(), challenges: [] })

export const idOf = (who: Who): string => JSON.stringify([who.issuer, who.subject])

export function ask(question: Question, world: World, memory: Memory): Verdict {
  const verdict = judge(question, world, memory)
  // Where nobody lives nothing is observed.
  const isAny = verdict.isObserved || verdict.isObservedUnknown
  return isAny && asksForCanary(question.bytes)
    ? { ...verdict, isObserved: false, isObservedUnknown: false }
    : verdict
}

function judge(question: Question, world: World, memory: Memory): Verdict {
  const { caller, bytes } = question
  const isWhole = isObservedWhole(world)
  const no = (why: string, rest: Partial<Verdict> = {}): Verdict => ({
    mayPass: false,
    why,
    who: undefined,
    isObserved: isWhole,
    isObservedUnknown: rest.isObserved ?? isWhole,
    seen: undefined,
    ...rest,
  })
  if (world.callers !== undefined && !isListed(caller, world.callers))
    return no('caller', { isObserved: isObservedSomewhere(world) })
  const seen = bytes.length > 64 * 1024 ? 'oversized' : readSeen(bytes)
  // Of what cannot be read nobody knows where it came in, so that some of it may count as observed.
  if (typeof seen === 'string') return no(seen, { isObserved: isWhole || isObservedSomewhere(world) })
  const identity = identityOf({ ...question, seen, world, ledger: memory.ledger })
  const isObserved = mayBeObserved(seen, identity, caller, world)
  const isObservedUnknown = mayBeObserved(seen, { state: 'anonymous' }, caller, world)
  const observed = { isObserved, isObservedUnknown, seen }
  if (identity.state === 'refused') return no(identity.why, observed)
  const who = identity.state === 'known' ? identity.who : undefined
  const action = actionOf(seen, world.settings)
  if (typeof action === 'string' && action !== 'unknown action') return no(action, observed)
  const use = who?.use
  const repeated = use && repeatedUse(use, seen, question, memory)
  if (repeated !== undefined) return no(repeated, observed)
  const known = { ...observed, who }
  if (typeof action === 'string') return no(action, known)
  const why = refusalOf({ question, seen, who, action, world, memory })
  return why === undefined ? { mayPass: true, why: '', tells: action.tells, ...known } : no(why, known)
}

const isListed = (caller: Caller, callers: readonly string[]): boolean =>
  caller.state === 'local' ||
  (caller.state === 'verified' && caller.sans.some((san) => callers.includes(san)))

/** A proof or hop once, but for Envoy's own retry of the same Check and a router's retry of a hop. */
function repeatedUse(use: Use, seen: Seen, { store }: Question, { uses }: Memory): string | undefined {
  if (store === 'stuffed' && !use.mayRepeat) return 'claimed'
  const before = uses.get(use.name)
  if (before === undefined || use.mayRepeat) return undefined
  return before.attempt !== undefined && before.attempt === seen.attempt ? undefined : 'replay'
}

/** The whole of what is asked once it is known who asks: the gate, then the rules. */
interface Case {
  readonly question: Question
  readonly seen: Seen
  readonly who: Who | undefined
  readonly action: AskedFor
  readonly world: World
  readonly memory: Memory
}

const refusalOf = (one: Case): string | undefined =>
  gateRefusal(one) ?? (one.action.isOwn ? undefined : ruleRefusal(one))

function gateRefusal({ question: { atMs, store }, who, action, world }: Case): string | undefined {
  const { failure } = world.settings
  if (who === undefined && !action.isOpen) return 'no credential'
  const unrecorded =
    store === 'down' && who?.use !== undefined
      ? unrecordedUse(who.use, failure.replay[action.sensitivity])
      : undefined
  if (unrecorded !== undefined) return unrecorded
  if (action.scopes.some((scope) => !who?.scopes.includes(scope))) return 'scope'
  const required = action.authentication
  if (required !== undefined && (who === undefined || !isLoginMet(required, who, atMs))) return 'login'
  const isLost = store === 'down' && who !== undefined && !action.isOwn
  return isLost && failure.store[action.sensitivity] === 'unavailable' ? 'store' : undefined
}

function ruleRefusal({ question, seen, who, action, world, memory }: Case): string | undefined {
  const { policy, enforcement } = world.settings
  const byDefault = action.sensitivity === 'critical' ? 'step-up' : 'allow'
  const effect = ruleFor(policy, { seen, who, action }) ?? byDefault
  if (effect === 'deny' || effect === 'throttle') return `rule ${effect}`
  if (effect !== 'step-up') return undefined
  if (who === undefined) return 'step-up of nobody'
  if (!isLoginMet(action.authentication ?? enforcement.stepUp, who, question.atMs)) return 'step-up'
  // What was stored may have been overwritten with the mark of a challenge.
  const isAnswered = question.store === 'garbled' || hasAnswered(who, question.atMs, memory)
  return isAnswered ? undefined : 'step-up unanswered'
}

function unrecordedUse(use: Use, row: 'degrade' | 'unavailable'): string | undefined {
  if (row === 'unavailable') return 'replay store'
  return use.ageMs !== undefined && use.ageMs <= 30_000 ? undefined : 'replay store and no fresh nonce'
}

interface Requirement {
  readonly acr?: readonly string[]
  readonly maxAgeSeconds?: number
}

function isLoginMet({ acr, maxAgeSeconds }: Requirement, { token }: Who, atMs: number): boolean {
  if (acr !== undefined && (token?.acr === undefined || !acr.includes(token.acr))) return false
  if (maxAgeSeconds === undefined) return true
  const age = token?.authTime === undefined ? undefined : atMs / 1000 - token.authTime
  return age !== undefined && age <= maxAgeSeconds + 0.001 && age >= -60.001
}

function hasAnswered(who: Who, atMs: number, { challenges }: Memory): boolean {
  const login = who.token?.authTime
  return (
    login !== undefined &&
    challenges.some(({ id, atMs: asked }) => id === idOf(who) && asked < login * 1000 && asked <= atMs)
  )
}
