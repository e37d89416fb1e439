import type { Assessment, Check, Facts, Past, Subject } from '../model.ts'

/** What a variable of conditions is; the table of them is in `variables.ts`. */

/** What one check offers to conditions. `headers` are the names that configuration lists. */
export interface Input {
  readonly check: Check
  readonly subject: Subject
  readonly facts: Facts
  readonly past: Past
  readonly assessment: Assessment
  readonly headers: ReadonlySet<string>
}

/** Names and words that depend on the settings. */
export interface Vocabulary {
  readonly actions: readonly string[]
  readonly issuers: readonly string[]
  readonly claims: readonly string[]
  readonly posture: readonly string[]
  readonly headers: readonly string[]
  readonly params: readonly string[]
  /** Absent: any text is taken. */
  readonly trustDomains?: readonly string[]
  /** Reasons that signals may give; absent: not known here, any text is taken. */
  readonly reasons?: readonly string[]
}

export type Scalar = string | number | boolean
/** `timestamp` is read in milliseconds since the epoch. */
export type VariableKind = 'string' | 'bool' | 'int' | 'double' | 'timestamp' | 'list'

export interface Variable {
  readonly kind: VariableKind
  readonly doc: string
  readonly mayBeMissing: boolean
  /** The only values it can have. */
  readonly words?: readonly string[] | ((vocabulary: Vocabulary) => readonly string[] | undefined)
  /** undefined: missing. */
  read(input: Input): Scalar | readonly string[] | undefined
}

/** A map whose member names are declared in the settings. */
export interface Dictionary {
  readonly kind: 'map'
  readonly doc: string
  readonly mayBeMissing: true
  /** Where a name has to be declared, for the message. */
  readonly declaredIn: string
  /** Member values may have members themselves. */
  readonly isDeep: boolean
  names(vocabulary: Vocabulary): readonly string[]
  member(input: Input, name: string): unknown
  keys(input: Input): readonly string[]
}

export interface Group {
  readonly kind: 'group'
  readonly doc: string
  readonly members: Readonly<Record<string, Group | Dictionary | Variable>>
}

export type Entry = Group | Dictionary | Variable

type Read = Variable['read']
type Words = Variable['words']

const variable =
  (kind: VariableKind) =>
  (doc: string, read: Read, words?: Words): Variable => ({
    kind,
    doc,
    mayBeMissing: false,
    read,
    ...(words && { words }),
  })
export const optional = (from: Variable): Variable => ({ ...from, mayBeMissing: true })
export const text = variable('string')
export const flag = variable('bool')
export const int = variable('int')
export const double = variable('double')
export const time = variable('timestamp')
export const list = variable('list')
export const group = (doc: string, members: Group['members']): Group => ({ kind: 'group', doc, members })

/** An own member, so that `constructor` of a claim set is as missing as any other absent claim. */
export function member(record: Readonly<Record<string, unknown>> | undefined, name: string): unknown {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined
}

/** The closed words of a variable under these settings; undefined: any text. */
export function wordsOf(entry: Variable, vocabulary: Vocabulary): readonly string[] | undefined {
  return typeof entry.words === 'function' ? entry.words(vocabulary) : entry.words
}
