import { claimed } from '../../lib/claimed.ts'
import type { Check, Entrypoint } from '../../model.ts'
import { type Result, refused, type TokenVerifier, type VerifiedToken } from '../contract.ts'
import type { Presented } from '../credential.ts'

/**
 * Verifies a JWT access token and that it was shown in the way it was issued for: a token bound to a key only under
 * the scheme DPoP (RFC 9449 section 7.2, DPOP-14), any other only as Bearer (RFC 8705 section 3).
 */
export function authenticateJwt(
  presented: Presented,
  check: Check,
  entrypoint: Entrypoint,
  tokens: TokenVerifier,
): Promise<Result<VerifiedToken>> | Result<VerifiedToken> {
  const verified = tokens.verify(presented.token, entrypoint, check.atMs)
  return verified instanceof Promise
    ? verified.then((result) => fitToScheme(presented, result))
    : fitToScheme(presented, verified)
}

function fitToScheme(presented: Presented, result: Result<VerifiedToken>): Result<VerifiedToken> {
  if (!result.ok) return result
  const { cookie } = presented
  const { issuer, confirmation } = result.value.credential
  if (cookie !== undefined && !cookie.issuers.has(issuer)) {
    const detail = `the cookie ${cookie.name} is not for tokens of ${claimed(issuer)}`
    return refused('identity.token.unknown-issuer', detail)
  }
  const { jkt, x5t } = confirmation
  if (presented.scheme === 'Bearer' && jkt !== undefined) return refused('identity.dpop.bearer')
  if (presented.scheme === 'DPoP' && jkt === undefined) return refused('identity.dpop.unbound-token')
  if (result.value.binding.mode === 'required' && jkt === undefined && x5t === undefined) {
    return refused('identity.binding.absent')
  }
  return result
}
