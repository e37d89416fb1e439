import type { EnforcementSettings } from '../config/schema/enforcement.ts'
import { originOf } from '../lib/origin.ts'
import type { Check, HeaderPair } from '../model.ts'

/** Pages whose scripts may read refusals. */
export interface Cors {
  readonly origins: ReadonlySet<string>
  readonly hasCredentials: boolean
}

/** @returns undefined when no origin is configured */
export function compileCors({ origins, credentials }: EnforcementSettings['cors']): Cors | undefined {
  if (origins.length === 0) return undefined
  const normal = origins.flatMap((text) => URL.parse(text)?.origin ?? [])
  return { origins: new Set(normal), hasCredentials: credentials }
}

/**
 * Without these a script learns nothing but that its call failed. The origin is named, never `*`; caches are told that
 * the answer depends on it, whoever asks.
 */
export function corsHeaders(check: Check, cors: Cors): readonly HeaderPair[] {
  const vary: HeaderPair = ['vary', 'Origin']
  const origin = originOf(check)
  if (origin === undefined || !cors.origins.has(origin)) return [vary]
  const allowed: HeaderPair = ['access-control-allow-origin', origin]
  return cors.hasCredentials ? [vary, allowed, ['access-control-allow-credentials', 'true']] : [vary, allowed]
}
