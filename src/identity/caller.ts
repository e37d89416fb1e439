import type { Check } from '../model.ts'

/**
 * Whether what the calling Envoy tells about its peer (principal, certificate, XFCC) may be believed. Whoever reaches
 * the port could tell it, so an Envoy that has not proved who it is needs the operator's word (contract section 1).
 */
export function isCallerBelieved(check: Check, believesUnverifiedCaller: boolean): boolean {
  return check.caller.state !== 'unverified' || believesUnverifiedCaller
}
