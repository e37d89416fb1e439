import type { Check } from '../model.ts'

/** Scheme, host and port as browsers write them; `null`, which every sandboxed page has, is none. */
const ORIGIN = /^https?:\/\/[a-z0-9.:[\]_-]{1,255}$/

/** The one origin whose page sent this request; undefined: no page did, or it cannot be told which. */
export function originOf(check: Check): string | undefined {
  const values = check.headers.get('origin')
  const origin = values?.[0]
  return origin !== undefined && values?.length === 1 && ORIGIN.test(origin) ? origin : undefined
}
