import type { Check, HeaderPair, Subject } from '../model.ts'

/** RFC 9449 section 8.2: a fresh nonce rides on an answer that passes, which must then not be cached. */
export function nonceHeaders(subject: Subject, check: Check): readonly HeaderPair[] {
  if (subject.state === 'anonymous' || subject.nextNonce === undefined) return []
  const headers: readonly HeaderPair[] = [
    ['dpop-nonce', subject.nextNonce],
    ['cache-control', 'no-store'],
  ]
  // A script can read the nonce only if told; the app's own list stays beside this one.
  return check.headers.has('origin') ? [...headers, ['access-control-expose-headers', 'DPoP-Nonce']] : headers
}
