import type { Action } from '../model.ts'

/** Which hosts: absent means all. */
export interface Hosts {
  readonly exact: ReadonlySet<string>
  /** `.example.com` for `*.example.com`: any subdomain, not the domain itself. */
  readonly suffixes: readonly string[]
}

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

const HOST = /^(?:(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/

/** @returns the host in lower case, or undefined when it is not `host`, `*.host` or `[IPv6]` without a port. */
export function readHost(text: string): string | undefined {
  const host = text.toLowerCase().replace(/\.$/, '')
  return HOST.test(host) ? host : undefined
}

export function compileHosts(hosts: readonly string[]): Hosts {
  return {
    exact: new Set(hosts.filter((h) => !h.startsWith('*.'))),
    suffixes: hosts.filter((h) => h.startsWith('*.')).map((h) => h.slice(1)),
  }
}

/** Host of an authority: without port, brackets kept. */
export function hostOf(authority: string): string {
  const end = authority.startsWith('[') ? authority.indexOf(']') + 1 : authority.indexOf(':')
  const host = (end > 0 ? authority.slice(0, end) : authority).toLowerCase()
  return host.endsWith('.') ? host.slice(0, -1) : host
}

export function isHostIn(hosts: Hosts, host: string): boolean {
  if (hosts.exact.has(host)) return true
  return hosts.suffixes.some((suffix) => host.length > suffix.length && host.endsWith(suffix))
}

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
