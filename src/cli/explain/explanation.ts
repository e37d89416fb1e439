import { alteredNote } from '../../audit/altered.ts'
import type { ReadRecord } from '../../audit/reading.ts'
import type { SkimmedRecord } from '../../audit/skim.ts'
import type { WhatIf } from '../../what-if.ts'
import { passes, verdictOf } from '../records/verdict.ts'
import { type Decided, decidedOf } from './decided.ts'
import { degradedOf } from './degraded.ts'
import { observedOf } from './observed.ts'
import { type ShadowNote, shadowOf } from './shadow.ts'
import { nameOf, whoOf } from './who.ts'
import { type Sentences, type Worry, worryOf } from './worry.ts'
import { wouldPassOf } from './would-pass.ts'

/** One decision in plain words; what `--json` prints, and what the text is made of. */
export interface Explanation {
  readonly id: string
  readonly at: string
  readonly config: string
  readonly requestId?: string | undefined
  readonly trace?: string | undefined
  readonly request: string
  readonly identity: string
  readonly isPassed: boolean
  /** It passed, and would have been refused but for observe mode. */
  readonly isObserved: boolean
  readonly effect: string
  /** Of the refusal, or the one that it would have been; 200 for what passes. */
  readonly status: number
  /** The sentence of the record, where the decision keeps the request from passing. */
  readonly why?: string | undefined
  /** What the sink made of the record before it was written. */
  readonly altered?: string | undefined
  readonly who: readonly string[]
  readonly observed: readonly string[]
  /** Undefined where nobody got so far as to worry. */
  readonly risk?: Worry | undefined
  readonly decided: Decided
  readonly reasons: readonly string[]
  readonly shadow: readonly ShadowNote[]
  readonly degraded: readonly { readonly input: string; readonly sentence: string }[]
  /** Empty where nothing kept it from passing. */
  readonly wouldHavePassed: readonly string[]
  /** Decided again with a configuration; undefined where none was given, null where the record does not hold enough. */
  readonly again?: WhatIf | null | undefined
}

export function explain(record: ReadRecord, sentences: Sentences): Explanation {
  const { id, at, config, trace, request, why, status, wouldStatus } = record
  const { due, isPassed, isObserved } = verdictOf(record)
  return {
    id,
    at,
    config,
    requestId: request.requestId,
    trace,
    request: requestOf(record),
    identity: nameOf(record),
    isPassed,
    isObserved,
    effect: due.effect,
    status: wouldStatus ?? status,
    why,
    altered: alteredNote(record),
    who: whoOf(record),
    observed: observedOf(record),
    risk: worryOf(record, sentences),
    decided: decidedOf({ ...record, decision: due }),
    reasons: due.reasons,
    shadow: due.shadow.map((each) => shadowOf(each, passes(due.effect))),
    degraded: degradedOf(due.degraded),
    wouldHavePassed: wouldPassOf(record, due),
  }
}

/** `GET https://api.example.com/v1/orders`; a check without a request has none of it, and a pseudonym no `/`. */
export const requestOf = ({ request: { method, scheme, host, path } }: SkimmedRecord): string =>
  `${method} ${scheme}://${host}${path === '' || path.startsWith('/') ? '' : '/'}${path}`
