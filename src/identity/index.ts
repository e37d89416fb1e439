import type { Check, Entrypoint, Subject } from '../model.ts'
import { authenticateJwt } from './authenticators/jwt.ts'
import { type Attempt, bind, refuse } from './bind.ts'
import type { IdentityConfig, Result, VerifiedToken } from './contract.ts'
import { readCredential } from './credential.ts'
import { writeBinding } from './hop.ts'

export type { IdentityConfig } from './contract.ts'
export { HOP_HEADER } from './hop.ts'

const ANONYMOUS: Subject = { state: 'anonymous' }

/**
 * Stage 1: who is calling, and is the token held by whom it was issued to. The authenticator is chosen by the
 * credential shown; a refused credential never becomes another subject, in particular not `anonymous`.
 * @returns a plain value when nothing had to be waited for (cached token)
 */
export function identify(
  check: Check,
  entrypoint: Entrypoint,
  config: IdentityConfig,
): Promise<Subject> | Subject {
  const reading = readCredential(check)
  if (reading.kind === 'none') return ANONYMOUS
  if (reading.kind === 'refused') {
    const { failure, scheme } = reading
    return scheme === undefined ? { state: 'refused', failure } : { state: 'refused', failure, scheme }
  }
  const attempt: Attempt = { presented: reading.presented, check, entrypoint, config }
  const finish = (verified: Result<VerifiedToken>) =>
    verified.ok ? bind(attempt, verified.value) : refuse(attempt, verified)
  const verified = authenticateJwt(reading.presented, check, entrypoint, config.tokens)
  return verified instanceof Promise ? verified.then(finish) : finish(verified)
}

/** The ports and flags of one snapshot, in the form that `identify` reads. */
export function compileIdentity(
  ports: Pick<IdentityConfig, 'tokens' | 'proofs' | 'hops'>,
  acknowledge: { readonly unverifiedCaller: boolean },
): IdentityConfig {
  const { tokens, proofs, hops } = ports
  return Object.freeze({ tokens, proofs, hops, believesUnverifiedCaller: acknowledge.unverifiedCaller })
}

/**
 * The value of `x-vigil-hop` that an edge's allowing answer sets for the inside entrypoints behind it, or undefined
 * where this entrypoint issues none. Call it only for answers that pass.
 */
export function issueHop(
  subject: Subject,
  check: Check,
  entrypoint: Entrypoint,
  config: IdentityConfig,
): string | undefined {
  if (entrypoint.role !== 'edge' || !entrypoint.issuesHop || subject.state !== 'identified') return undefined
  return config.hops.sign({
    tokenHash: subject.credential.tokenHash,
    binding: writeBinding(subject.binding.methods),
    method: check.method,
    authority: check.authority,
    decisionId: check.id,
    atMs: check.atMs,
  })
}

/**
 * A nonce for a subject whose proof was good and who must nevertheless come back with a fresh one (the replay store
 * is away, or was replaced). Undefined when the token is bound to no key.
 */
export function freshNonce(subject: Subject, check: Check, config: IdentityConfig): string | undefined {
  if (subject.state !== 'identified') return undefined
  const { jkt } = subject.credential.confirmation
  return jkt === undefined ? undefined : config.proofs.nonce(jkt, check.atMs)
}
