import { type Hosts, isHostIn } from '../lib/hosts.ts'
import type { Action } from '../model.ts'

/** One way into one action. `order` follows the catalogue: the least order that matches wins. */
export interface Candidate {
  readonly order: number
  /** Position of its action in the catalogue. */
  readonly index: number
  readonly action: Action
  readonly methods: ReadonlySet<string> | undefined
  readonly hosts: Hosts | undefined
  /** Parameters and the segments they take; `isRest` takes from there to the end. */
  readonly params: readonly { readonly name: string; readonly at: number; readonly isRest: boolean }[]
  /** Only calls of these MCP tools; absent: also what is no call. */
  readonly tools: Tools | undefined
}

/** Names of MCP tools. */
export interface Tools {
  readonly isAny: boolean
  readonly names: ReadonlySet<string>
}

export const compileTools = (names: readonly string[]): Tools => ({
  isAny: names.includes('*'),
  names: new Set(names),
})

export const isToolIn = (tools: Tools, name: string): boolean => tools.isAny || tools.names.has(name)

/** Whether everything that `later` could take, path apart, is taken by `earlier`. */
export function isCovering(earlier: Candidate, later: Candidate): boolean {
  return (
    earlier.index !== later.index &&
    isMethodsCovered(earlier.methods, later.methods) &&
    isToolsCovered(earlier.tools, later.tools) &&
    isHostsCovered(earlier.hosts, later.hosts)
  )
}

function isMethodsCovered(all: Candidate['methods'], some: Candidate['methods']): boolean {
  if (all === undefined || some === undefined) return all === undefined
  return [...some].every((method) => all.has(method))
}

function isToolsCovered(all: Tools | undefined, some: Tools | undefined): boolean {
  if (all === undefined || some === undefined) return all === undefined
  return all.isAny || (!some.isAny && [...some.names].every((name) => all.names.has(name)))
}

function isHostsCovered(all: Hosts | undefined, some: Hosts | undefined): boolean {
  if (all === undefined || some === undefined) return all === undefined
  return (
    [...some.exact].every((host) => isHostIn(all, host)) &&
    some.suffixes.every((suffix) => all.suffixes.some((wide) => suffix.endsWith(wide)))
  )
}
