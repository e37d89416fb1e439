import { type Expr, pathOf, type Step } from './syntax.ts'
import type { Dictionary, Entry, Input, Variable } from './variable.ts'
import { VARIABLES } from './variables.ts'

/** What a path of a condition names in the table of variables. */
export type Resolved =
  | { readonly found: true; readonly entry: Entry; readonly rest: readonly Step[] }
  /** The step at this index names nothing; `among` are the names that stand there. */
  | { readonly found: false; readonly at: number; readonly among: readonly string[] }

/** Follows a path into the table as far as names are fixed there; `rest` is what follows inside a value. */
export function resolve(steps: readonly Step[]): Resolved {
  let members = VARIABLES
  for (const [at, step] of steps.entries()) {
    const entry = Object.hasOwn(members, step.name) ? members[step.name] : undefined
    if (entry === undefined) return { found: false, at, among: Object.keys(members) }
    if (entry.kind !== 'group' || at === steps.length - 1) {
      return { found: true, entry, rest: steps.slice(at + 1) }
    }
    members = entry.members
  }
  return { found: false, at: 0, among: Object.keys(members) }
}

export type Read = (input: Input) => unknown

/** Reads a variable, or a direct member of a dictionary; undefined for everything that is not so plain. */
export function readerOf(expr: Expr): { readonly read: Read; readonly variable?: Variable } | undefined {
  const steps = pathOf(expr)
  return steps && readerOfPath(steps)
}

export function readerOfPath(
  steps: readonly Step[],
): { readonly read: Read; readonly variable?: Variable } | undefined {
  const resolved = resolve(steps)
  if (!resolved.found || resolved.entry.kind === 'group') return undefined
  const { entry, rest } = resolved
  if (entry.kind === 'map')
    return rest.length === 1 ? { read: memberOf(entry, rest[0]?.name ?? '') } : undefined
  return rest.length === 0 ? { read: (input) => entry.read(input), variable: entry } : undefined
}

const memberOf =
  (entry: Dictionary, name: string): Read =>
  (input) =>
    entry.member(input, name)
