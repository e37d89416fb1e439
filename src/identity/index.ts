import type { Check, Decision, Entrypoint, Subject } from '../model.ts'
import { authenticateJwt } from './authenticators/jwt.ts'
import { type Attempt, bind, refuse } from './bind.ts'
import type { HopSigner, IdentityConfig, ProofVerifier, Result, VerifiedToken } from './contract.ts'
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
    const { kind: _kind, ...refusal } = reading
    return { state: 'refused', ...refusal }
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

/** What makes the values that only an answer holds. */
export interface AnswerMakers {
  readonly proofs: Pick<ProofVerifier, 'nonce'>
  readonly hops: Pick<HopSigner, 'sign'>
}

/** What identity adds to an answer. */
export interface Equipment {
  /** The subject with the nonce that the answer must give. */
  readonly subject: Subject
  readonly entrypoint: Entrypoint
  /** The value of `x-vigil-hop` for the inside entrypoints behind this edge. */
  readonly hop?: string
}

/**
 * Equips an answer after the decision: a hop where an edge lets an identified subject pass, and a fresh nonce where
 * a good proof must nevertheless come back with one (the replay store is away, or was replaced).
 */
export function equip(
  subject: Subject,
  decision: Decision,
  check: Check,
  entrypoint: Entrypoint,
  makers: AnswerMakers,
): Equipment {
  if (subject.state !== 'identified') return { subject, entrypoint }
  if (decision.effect === 'deny' && decision.failure === 'identity.dpop.nonce-required') {
    const { jkt } = subject.credential.confirmation
    const nonced =
      jkt === undefined ? subject : { ...subject, nextNonce: makers.proofs.nonce(jkt, check.atMs) }
    return { subject: nonced, entrypoint }
  }
  const isPassed = decision.effect === 'allow' || decision.effect === 'monitor'
  if (!isPassed || entrypoint.role !== 'edge' || !entrypoint.issuesHop) return { subject, entrypoint }
  const hop = makers.hops.sign({
    tokenHash: subject.credential.tokenHash,
    binding: writeBinding(subject.binding.methods),
    method: check.method,
    authority: check.authority,
    decisionId: check.id,
    atMs: check.atMs,
  })
  return { subject, entrypoint, hop }
}
