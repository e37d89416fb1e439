import { originOf } from '../lib/origin.ts'
import type { Action, Check } from '../model.ts'
import { ownAction } from './action-settings.ts'

/** The action `preflight` where the check is one of a configured origin, else nothing. */
export type Preflight = (check: Check) => Action | undefined

const PREFLIGHT = ownAction('preflight')

/**
 * A true preflight is what a browser sends before a call of a script (Fetch section 4.8): OPTIONS with `Origin` and
 * `Access-Control-Request-Method`, and never with a credential. Every other OPTIONS is an ordinary request.
 * @returns undefined when no origin is configured
 */
export function compilePreflight(origins: readonly string[]): Preflight | undefined {
  if (origins.length === 0) return undefined
  const allowed = new Set(origins.map((text) => URL.parse(text)?.origin))
  return (check) => {
    if (check.method !== 'OPTIONS' || !check.headers.has('access-control-request-method')) return undefined
    const origin = originOf(check)
    return origin !== undefined && allowed.has(origin) ? PREFLIGHT : undefined
  }
}
