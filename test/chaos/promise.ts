import type { AnswerKind, Group } from './kinds.ts'
import type { World } from './world/world.ts'

/** What a group of requests may be answered while the fault lasts. */
export interface Expected {
  readonly may: readonly AnswerKind[]
  /** What nearly all of them are answered once the fault is felt; absent: any of `may`. */
  readonly must?: readonly AnswerKind[]
}

export interface Promised extends Readonly<Record<Group, Expected>> {
  /** In words; where it stands in docs/failures.md, in those of the table. */
  readonly says: string
  /** Not one answer may be another: without it a few in a hundred may, as on any busy machine. */
  readonly isExact?: true
  /** How often one proof may reach the application, and how long after the fault began; absent: once. */
  readonly proofs?: { readonly times: number; readonly untilMs: number }
}

/** One way in which something breaks. */
export interface Fault {
  /** As `--only` takes it. */
  readonly name: string
  readonly title: string
  readonly promise: Promised
  /** Why the short campaign leaves it out; absent: it does not. */
  readonly isFullOnly?: string
  /** Members of `static.yaml` that it needs; the Vigils are started anew where they have others. */
  fixed?(world: World): Promise<object>
  /** Before the load: other settings, other servers. */
  prepare?(world: World): Promise<void>
  /** Requests a second of this row; absent: those of the campaign. */
  perSecond?(world: World): Promise<number>
  /** What it returns is waited for. */
  start(world: World): unknown
  stop(world: World): unknown
  /** After the load: as it was. */
  tidy?(world: World): Promise<void>
  /** What else is to be seen at the end of the fault. */
  inspect?(world: World, tell: Tell): Promise<void>
}

export interface Tell {
  /** What is worth to know. */
  note(text: string): void
  /** What differs from the promise. */
  flaw(text: string): void
}

const PASSED: Expected = { may: ['passed'] }
const REFUSED: Expected = { may: ['refused', 'nonce'] }

/** As if nothing were: whatever may pass passes, whole. */
export const WHOLE = {
  low: PASSED,
  high: PASSED,
  lowBound: PASSED,
  highBound: PASSED,
  bad: REFUSED,
} as const satisfies Record<Group, Expected>

/** docs/failures.md: the store, and with it the replay store, is unreachable or over its budget. */
export const STORE_AWAY = {
  low: { may: ['passed', 'degraded'], must: ['degraded'] },
  high: { may: ['passed', 'unavailable'], must: ['unavailable'] },
  // The local replay cache and a young nonce, else a nonce is asked for.
  lowBound: { may: ['passed', 'degraded', 'nonce'], must: ['degraded', 'nonce'] },
  highBound: { may: ['passed', 'unavailable'], must: ['unavailable'] },
  bad: { may: ['refused', 'nonce', 'unavailable', 'degraded'] },
} as const satisfies Record<Group, Expected>

/** No keys that may be used: nobody can be identified. */
export const UNAVAILABLE = {
  low: { may: ['passed', 'unavailable'], must: ['unavailable'] },
  high: { may: ['passed', 'unavailable'], must: ['unavailable'] },
  lowBound: { may: ['passed', 'unavailable'], must: ['unavailable'] },
  highBound: { may: ['passed', 'unavailable'], must: ['unavailable'] },
  bad: { may: ['refused', 'nonce', 'unavailable'] },
} as const satisfies Record<Group, Expected>

export const STORE_SAYS =
  'low and medium: decided on local state, degraded; a proof needs a nonce at most 30 s old; high: 503'
