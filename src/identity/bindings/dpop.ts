import type { Check, Entrypoint, SingleUse } from '../../model.ts'
import { type ProofVerifier, type Result, refused, type VerifiedToken } from '../contract.ts'

/** The one use of a proof that has been verified for a token bound to a key (`cnf.jkt`). */
export function proveByDpop(
  proof: string | undefined,
  token: VerifiedToken,
  check: Check,
  entrypoint: Entrypoint,
  proofs: ProofVerifier,
): Promise<Result<SingleUse>> | Result<SingleUse> {
  if (proof === undefined) return refused('identity.dpop.missing')
  return proofs.verify({ proof, check, entrypoint, token })
}
