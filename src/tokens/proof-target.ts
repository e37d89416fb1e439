import { normalizePath, parseTarget } from '../lib/target-uri.ts'
import type { Check, Entrypoint } from '../model.ts'

/** Normalised external origins of each entrypoint; entrypoints live as long as their configuration. */
const compiled = new WeakMap<readonly string[], ReadonlySet<string>>()

/**
 * The normalised target URI of the proof when it is this request's, else undefined (RFC 9449 section 4.3 check 9).
 * The origin comes from configuration, not from the request's Host: the Host is the sender's word. Where the Host
 * does name one of the configured origins, the proof must name that one.
 * @param htu the proof's claim
 */
export function matchTarget(htu: string, check: Check, entrypoint: Entrypoint): string | undefined {
  const target = parseTarget(htu)
  if (target === undefined) return undefined
  const origins = originsOf(entrypoint.externalOrigins)
  if (!origins.has(target.origin)) return undefined
  if (!isAuthorityOf(target.origin, check.authority) && namesOneOf(check.authority, origins)) return undefined
  return normalizePath(check.path) === target.path ? target.origin + target.path : undefined
}

function originsOf(externalOrigins: readonly string[]): ReadonlySet<string> {
  const known = compiled.get(externalOrigins)
  if (known !== undefined) return known
  const origins = new Set(externalOrigins.flatMap((text) => parseTarget(text)?.origin ?? []))
  compiled.set(externalOrigins, origins)
  return origins
}

function namesOneOf(authority: string, origins: ReadonlySet<string>): boolean {
  for (const origin of origins) if (isAuthorityOf(origin, authority)) return true
  return false
}

/** `authority` may still carry the scheme's default port. */
function isAuthorityOf(origin: string, authority: string): boolean {
  if (origin.endsWith(`//${authority}`)) return true
  const scheme = origin.slice(0, origin.indexOf(':'))
  return parseTarget(`${scheme}://${authority}`)?.origin === origin
}
