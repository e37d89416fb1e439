import type { Draft } from '../draft.ts'
import type { Members } from '../jwt.ts'
import type { Ledger } from '../ledger.ts'
import type { World } from '../settings.ts'

/** One change of a request: which, a number that chooses among its variants, and a text for where one is wanted. */
export interface Mutation {
  readonly name: string
  readonly n: number
  readonly text: string
}

export interface Around {
  readonly world: World
  readonly ledger: Ledger
}

/** Changes the draft in place; does nothing where there is nothing of its kind to change. */
export type Mutator = (draft: Draft, mutation: Mutation, around: Around) => void
export type Mutators = Readonly<Record<string, Mutator>>

export const choose = <T>(list: readonly [T, ...T[]], n: number): T => list[n % list.length] ?? list[0]

/** What is left of the number when one of `count` variants has been chosen with it. */
export const rest = (n: number, count: number): number => Math.floor(n / count)

/** Values of every JSON type and some that only look like one. */
export const ODD_VALUES: readonly [unknown, ...unknown[]] = [
  null,
  true,
  0,
  -1,
  1.5,
  '',
  ' ',
  'x',
  [],
  {},
  ['x'],
  [null],
  { toString: 'x' },
  '\u0000',
  '__proto__',
]

/** Sets or, by undefined, leaves out. */
export function put(members: Members, name: string, value: unknown): void {
  if (value === undefined) delete members[name]
  else members[name] = value
}

/** Asks for something else, and the proof is for that, too. */
export function goTo(draft: Draft, method: string, host: string, path: string): void {
  const claims = draft.proof?.claims
  const htu = claims?.['htu']
  if (claims !== undefined && typeof htu === 'string' && htu.endsWith(draft.path)) {
    claims['htu'] = htu.slice(0, -draft.path.length) + path
    claims['htm'] = method
  }
  Object.assign(draft, { method, host, path })
}
