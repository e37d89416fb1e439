import type { EnforcementSettings } from '../config/schema/enforcement.ts'
import { isProbe } from '../lib/canary.ts'
import { originOf } from '../lib/origin.ts'
import { askedFor, protectedResource } from '../lib/protected-resource.ts'
import type { Action, Check } from '../model.ts'
import { ownAction } from './action-settings.ts'

/** The action of Vigil itself that a check stands for, else nothing. */
export type OwnAction = (check: Check) => Action | undefined

const PREFLIGHT = ownAction('preflight')
const METADATA = ownAction('resource-metadata')
const PROBE = ownAction('vigil-probe')

/** Where the settings make no such action nobody looks for one; what `vigil probe` asks is one under all of them. */
export function compileOwnActions(
  settings: Pick<EnforcementSettings, 'cors' | 'resourceMetadata'>,
): OwnAction {
  const preflight = compilePreflight(settings.cors.origins)
  const metadata = compileMetadata(settings.resourceMetadata.map(({ resource }) => resource))
  return (check) => (isProbe(check) ? PROBE : (preflight?.(check) ?? metadata?.(check)))
}

/**
 * A true preflight is what a browser sends before a call of a script (Fetch section 4.8): OPTIONS with `Origin` and
 * `Access-Control-Request-Method`, and never with a credential. Every other OPTIONS is an ordinary request.
 */
function compilePreflight(origins: readonly string[]): OwnAction | undefined {
  if (origins.length === 0) return undefined
  const allowed = new Set(origins.map((text) => URL.parse(text)?.origin))
  return (check) => {
    if (check.method !== 'OPTIONS' || !check.headers.has('access-control-request-method')) return undefined
    const origin = originOf(check)
    return origin !== undefined && allowed.has(origin) ? PREFLIGHT : undefined
  }
}

/** Whoever has no token yet must be able to learn where to get one (RFC 9728 section 3). */
function compileMetadata(identifiers: readonly string[]): OwnAction | undefined {
  if (identifiers.length === 0) return undefined
  const resources = identifiers.map(protectedResource)
  return (check) => {
    if (check.method !== 'GET' && check.method !== 'HEAD') return undefined
    return askedFor(resources, check) === undefined ? undefined : METADATA
  }
}
