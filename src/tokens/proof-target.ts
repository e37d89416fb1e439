import { claimed, configured } from '../lib/claimed.ts'
import { isAuthorityOf, normalizePath, originNamed, parseTarget } from '../lib/target-uri.ts'
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
  if (!isAuthorityOf(target.origin, check.authority) && originNamed(origins, check.authority) !== undefined)
    return undefined
  return normalizePath(check.path) === target.path ? target.origin + target.path : undefined
}

/** For the record: what `htu` claims, without its query, beside what it had to be. */
export function describeTarget(htu: string, check: Check, { name, externalOrigins }: Entrypoint): string {
  if (externalOrigins.length === 0) return `entrypoint ${name} has no externalOrigins`
  const target = parseTarget(htu)
  // What cannot be read may hold a password before its host, so it is not told.
  const named =
    target === undefined
      ? 'htu is no absolute http(s) URI that can be read in one way only'
      : `htu claims ${claimed(target.origin + target.path)}`
  const request = `the request is for ${claimed(check.path)} at ${claimed(check.authority)}`
  return `${named}; ${request}, and externalOrigins of entrypoint ${name} are ${configured(externalOrigins)}`
}

function originsOf(externalOrigins: readonly string[]): ReadonlySet<string> {
  const known = compiled.get(externalOrigins)
  if (known !== undefined) return known
  const origins = new Set(externalOrigins.flatMap((text) => parseTarget(text)?.origin ?? []))
  compiled.set(externalOrigins, origins)
  return origins
}
