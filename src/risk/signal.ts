import type { z } from 'zod'
import type { Check, Facts, Finding, Past, Subject } from '../model.ts'

/** Everything a signal may look at. It is pure: no clock, no randomness, no I/O. */
export interface SignalInput {
  readonly check: Check
  readonly subject: Subject
  readonly facts: Facts
  readonly past: Past
}

/** What a signal saw. `reason` is one of its declared reasons, without the `risk.<id>.` prefix. */
export interface Evidence {
  readonly reason: string
  /** log-odds in nats; positive worries, negative reassures. Claimed facts never give less than 0. */
  readonly nats: number
  readonly detail?: Finding['detail']
}

/** No signal may declare more: this lifts the default prior just into `critical`. */
export const MAX_NATS = 8

/** Nothing to say. */
export const QUIET: readonly Evidence[] = Object.freeze([])

export interface Signal<S extends z.ZodObject = z.ZodObject> {
  /** Equal to the file name. */
  readonly id: string
  /** One sentence for the operator. */
  readonly summary: string
  /** Every reason it may give, with the sentence that explains it to a person. */
  readonly reasons: Readonly<Record<string, string>>
  /** Most nats that all its findings of one check count together, 0 < cap <= MAX_NATS. */
  readonly cap: number
  /** Least nats, at most 0; absent: 0. Only a signal that looks at proved facts alone may go below (docs/signals.md). */
  readonly floor?: number
  /** It looks at what is known of the subject, so without the store it is blind; a decision then says so. */
  readonly looksBack?: true
  /** Its settings under `risk.signals.<id>`, a strict object; every member has a default and a description. */
  readonly settings: S
  /** Findings of this check; empty when there is nothing to say. A missing fact is nothing to say. */
  evaluate(input: SignalInput, settings: z.output<S>): readonly Evidence[]
}

/** Declares a signal. One file in `signals/`, default export, id = file name; the directory is the registry. */
export function defineSignal<S extends z.ZodObject>(signal: Signal<S>): Signal<S> {
  return signal
}
