/** SPIFFE IDs (SPIFFE-ID standard, section 2). */

/** The name of a workload and the trust domain that gave it. */
export interface SpiffeId {
  /** The whole ID, its scheme in lower case. */
  readonly id: string
  readonly trustDomain: string
  /** Empty or `/segment/…`. */
  readonly path: string
}

/** Section 2.3. */
const MAX_LENGTH = 2048
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/
/** Section 2.2: no empty segment, neither `.` nor `..`, nothing percent-encoded. */
const PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*$/
const SCHEME = /^spiffe:/i
const PREFIX_LENGTH = 'spiffe://'.length

/** The text means to be a SPIFFE ID, well formed or not. */
export const isSpiffe = (text: string): boolean => SCHEME.test(text)

export const isTrustDomain = (text: string): boolean => TRUST_DOMAIN.test(text)

/**
 * Undefined for anything but a SPIFFE ID: user information, a port, a query, a fragment, capitals in the trust domain.
 * Only the scheme is read without regard to case (section 2).
 */
export function parseSpiffeId(text: string): SpiffeId | undefined {
  if (text.length > MAX_LENGTH || !isSpiffe(text) || !text.startsWith('//', 'spiffe:'.length))
    return undefined
  const slash = text.indexOf('/', PREFIX_LENGTH)
  const trustDomain = text.slice(PREFIX_LENGTH, slash < 0 ? text.length : slash)
  const path = slash < 0 ? '' : text.slice(slash)
  if (!isTrustDomain(trustDomain) || !PATH.test(path)) return undefined
  return { id: `spiffe://${trustDomain}${path}`, trustDomain, path }
}
