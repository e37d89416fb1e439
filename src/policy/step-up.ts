import type { Credential, Past, Requirement } from '../model.ts'

/** Step-up (RFC 9470): is a login of the required kind and age there, and was it made after the challenge. */

/** Greatest clock difference to the issuer; a login further in the future is no login. */
const MAX_FUTURE_SECONDS = 60

/** When the user last logged in, in seconds. Never `iat`: a refreshed token is no new login (SU-03). */
function loginOf(credential: Credential, atMs: number): number | undefined {
  const { authTime } = credential
  if (authTime === undefined || authTime > atMs / 1000 + MAX_FUTURE_SECONDS) return undefined
  return authTime
}

/**
 * What of a requirement a credential does not meet; undefined: all of it is met.
 * `acr` is met by any one of the exact values (SU-05), the age by at most `maxAgeSeconds`, the boundary included.
 */
export function unmetOf(
  required: Requirement,
  credential: Credential,
  atMs: number,
): Requirement | undefined {
  const { acr, maxAgeSeconds } = required
  const isAcrMet = acr === undefined || (credential.acr !== undefined && acr.includes(credential.acr))
  const login = loginOf(credential, atMs)
  const isAgeMet =
    maxAgeSeconds === undefined || (login !== undefined && atMs - login * 1000 <= maxAgeSeconds * 1000)
  if (isAcrMet && isAgeMet) return undefined
  return { ...(!isAcrMet && { acr }), ...(!isAgeMet && { maxAgeSeconds }) }
}

export interface Challenge {
  readonly unmet: Requirement
  readonly marksChallenge: boolean
}

/** So long a challenge waits for its login. What comes later is an ordinary login, which a thief may have waited for. */
const ANSWER_MS = 3_600_000

/**
 * What a rule's or the default table's step-up still asks for; undefined: it is met. Besides the requirement it wants
 * a login that answers a challenge, so that a token stolen just after a login does not count as fresh, and a new
 * device that has answered is not asked again.
 */
export function challengeOf(
  required: Requirement,
  credential: Credential,
  past: Past,
  atMs: number,
): Challenge | undefined {
  const unmet = unmetOf(required, credential, atMs)
  const challengedAtMs = latest(past.session?.challengedAtMs, past.profile?.challengedAtMs)
  if (!isAnswer(loginOf(credential, atMs), challengedAtMs)) {
    const acr = unmet?.acr
    const isOpen = challengedAtMs !== undefined && atMs - challengedAtMs <= ANSWER_MS
    return { unmet: { ...(acr && { acr }), maxAgeSeconds: 0 }, marksChallenge: !isOpen }
  }
  // A login that has answered an earlier challenge and has aged since needs a new challenge.
  return unmet && { unmet, marksChallenge: unmet.maxAgeSeconds !== undefined }
}

/**
 * `auth_time` mostly has whole seconds. A login in the very second of the challenge cannot be told from one just before
 * it, so it does not count: at worst someone is asked twice within a second, and no login from before ever passes.
 */
function isAnswer(login: number | undefined, challengedAtMs: number | undefined): boolean {
  if (login === undefined || challengedAtMs === undefined) return false
  const laterMs = login * 1000 - challengedAtMs
  return laterMs > 0 && laterMs <= ANSWER_MS
}

function latest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Math.max(a, b)
}
