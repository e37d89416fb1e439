/** Which hosts: absent means all. */
export interface Hosts {
  readonly exact: ReadonlySet<string>
  /** `.example.com` for `*.example.com`: any subdomain, not the domain itself. */
  readonly suffixes: readonly string[]
}

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
