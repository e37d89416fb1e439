import type { Check, Posture, Subject } from '../../model.ts'
import type { PostureResult, PostureToken, PostureVerifier } from '../contract.ts'

export interface PostureConfig {
  readonly header: string
  readonly tokens: PostureVerifier
}

/** What a request shows of the posture of its device; `fault`: the header itself can be read in two ways. */
export interface Shown {
  readonly posture: Posture | undefined
  /** The device that a good token vouches for. */
  readonly device: string | undefined
  readonly fault: string | undefined
}

const NONE: Shown = Object.freeze({ posture: undefined, device: undefined, fault: undefined })
const NO_CLAIMS = Object.freeze({})

/**
 * The posture token of this request. It is itself a bearer that can be stolen, so a good one makes the posture
 * `attested` only where it belongs to the caller: see `isTied`.
 */
export function postureOf(
  check: Check,
  subject: Subject,
  config: PostureConfig | undefined,
): Shown | Promise<Shown> {
  const values = config === undefined ? undefined : check.headers.get(config.header)
  if (config === undefined || values === undefined) return NONE
  const token = values[0]?.trim() ?? ''
  if (values.length > 1 || token.includes(',')) return { ...NONE, fault: 'appears more than once' }
  if (token === '') return NONE
  const result = config.tokens.verify(token, check.atMs)
  return result instanceof Promise
    ? result.then((verified) => shown(verified, subject))
    : shown(result, subject)
}

function shown(result: PostureResult, subject: Subject): Shown {
  if (!result.ok) {
    const { failure, detail } = result
    // Without keys nobody knows whether it is good: it is missing, and no fault of the caller.
    const state = failure === 'identity.keys.unavailable' ? 'unchecked' : 'refused'
    return { ...NONE, posture: { state, failure, detail, issuer: undefined, claims: NO_CLAIMS } }
  }
  const { issuer, device, claims } = result.value
  const state = isTied(result.value, subject) ? 'attested' : 'claimed'
  return { ...NONE, posture: { state, failure: undefined, detail: undefined, issuer, claims }, device }
}

/**
 * Contract section 1: the posture is the caller's if its key is the one that this request has proved, or its device is
 * the one that a bound token names. On a plain bearer token nothing ties the two, for a thief can show both.
 */
function isTied({ confirmation, device }: PostureToken, subject: Subject): boolean {
  if (subject.state !== 'identified' || subject.binding.state !== 'verified') return false
  const { methods } = subject.binding
  const { confirmation: own, device: named } = subject.credential
  const { jkt, x5t } = confirmation
  if (jkt !== undefined && methods.includes('dpop') && jkt === own.jkt) return true
  if (x5t !== undefined && methods.includes('mtls') && x5t === own.x5t) return true
  return named !== undefined && named === device
}
