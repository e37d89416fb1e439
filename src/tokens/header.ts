import { type Refused, type Result, refused } from '../identity/contract.ts'
import type { Algorithm } from '../lib/algorithms.ts'
import { claimed, configured } from '../lib/claimed.ts'
import { algorithmNamed } from './algorithms.ts'
import { MAX_KID_LENGTH } from './jwk.ts'

export interface TokenHeader {
  readonly algorithm: Algorithm
  readonly kid?: string
}

/** What an issuer's tokens must say of themselves. */
export interface HeaderRules {
  readonly algorithms: ReadonlySet<Algorithm>
  readonly settings: { readonly tokenType: string }
}

/** A header's `typ` with the prefix that RFC 7515 section 4.1.9 lets senders leave out; media types know no case. */
export function mediaTypeOf(typ: unknown): string | undefined {
  if (typeof typ !== 'string') return undefined
  const type = typ.toLowerCase()
  return type.includes('/') ? type : `application/${type}`
}

/**
 * Judges the header of a token: JWT-03, 05, 06, 07, 15 and AT-01. `jku`, `jwk`, `x5u` and `x5c` are not read:
 * keys come from the issuer's key set only.
 */
export function readHeader(
  header: Readonly<Record<string, unknown>>,
  issuer: HeaderRules,
): Result<TokenHeader> {
  const refusal = refusalOf(header, issuer)
  return refusal ?? readKeyHints(header, issuer)
}

/** By which key and how it claims to be signed: JWT-03, JWT-07. */
export function readKeyHints(
  header: Readonly<Record<string, unknown>>,
  issuer: Pick<HeaderRules, 'algorithms'>,
): Result<TokenHeader> {
  const algorithm = algorithmNamed(header['alg'])
  if (algorithm === undefined || !issuer.algorithms.has(algorithm)) {
    const allowed = configured(issuer.algorithms)
    return refused('identity.token.algorithm', `alg claims ${claimed(header['alg'])}; allowed are ${allowed}`)
  }
  const kid = header['kid']
  if (kid === undefined) return { ok: true, value: { algorithm } }
  if (typeof kid !== 'string' || kid.length > MAX_KID_LENGTH) {
    return refused('identity.token.malformed', 'kid is not a text of a bearable length')
  }
  return { ok: true, value: { algorithm, kid } }
}

function refusalOf(header: Readonly<Record<string, unknown>>, issuer: HeaderRules): Refused | undefined {
  if (mediaTypeOf(header['typ']) !== mediaTypeOf(issuer.settings.tokenType)) {
    const { tokenType } = issuer.settings
    return refused('identity.token.type', `typ claims ${claimed(header['typ'])}; tokenType is ${tokenType}`)
  }
  // RFC 7515 section 4.1.11: an extension that is not understood refuses the token, and none is understood.
  return Object.hasOwn(header, 'crit') ? refused('identity.token.critical-header') : undefined
}
