import type { BindingMethod, Check, Entrypoint, SingleUse, Subject, Workload } from '../model.ts'
import { proveByDpop } from './bindings/dpop.ts'
import { proveByCertificate } from './bindings/mtls.ts'
import { isCallerBelieved } from './caller.ts'
import {
  type IdentityConfig,
  NONCE_LIFE_MS,
  type Refused,
  type Result,
  type VerifiedToken,
} from './contract.ts'
import type { Presented } from './credential.ts'
import { readHop } from './hop.ts'

type Identified = Extract<Subject, { state: 'identified' }>
type RefusedSubject = Extract<Subject, { state: 'refused' }>

/** One request on its way through the stage. */
export interface Attempt {
  readonly presented: Presented
  readonly check: Check
  readonly entrypoint: Entrypoint
  readonly config: IdentityConfig
  /** Whose connection it is, where that is known. */
  readonly workload: Workload | undefined
}

/**
 * Decides whether a verified token is held by whom it was issued to: by an edge's hop, else by the certificate (the
 * cheaper check) and then the proof. A token with both bindings must show both (MTLS-05).
 */
export function bind(attempt: Attempt, token: VerifiedToken): Promise<Subject> | Subject {
  const { check, entrypoint, config, presented } = attempt
  const carried = readHop(token, check, entrypoint, config.hops, config.believesUnverifiedCaller)
  if (carried !== undefined) return identified(attempt, token, carried.methods, { hop: carried.use })
  const { jkt, x5t } = token.credential.confirmation
  const methods: BindingMethod[] = []
  if (x5t !== undefined) {
    const isBelieved = isCallerBelieved(check, config.believesUnverifiedCaller)
    const proved = proveByCertificate(x5t, check, entrypoint, isBelieved)
    if (!proved.ok) return refuse(attempt, proved)
    methods.push('mtls')
  }
  if (jkt === undefined) return identified(attempt, token, methods, {})
  const finish = (proved: Result<SingleUse>): Subject =>
    proved.ok
      ? identified(attempt, token, ['dpop', ...methods], { proof: proved.value })
      : refuse(attempt, proved, jkt)
  const proved = proveByDpop(presented.proof, token, check, entrypoint, config.proofs)
  return proved instanceof Promise ? proved.then(finish) : finish(proved)
}

/** @param jkt key of a token that has been verified; with it a refusal for the nonce brings a fresh one */
export function refuse(attempt: Attempt, { failure, detail }: Refused, jkt?: string): RefusedSubject {
  const isNonceRefusal =
    failure === 'identity.dpop.nonce-required' || failure === 'identity.dpop.nonce-invalid'
  return {
    state: 'refused',
    failure,
    // A proof was asked for, whatever carried the token.
    scheme: attempt.presented.scheme ?? (jkt === undefined ? undefined : 'DPoP'),
    ...(attempt.presented.cookie === undefined ? {} : { carrier: 'cookie' }),
    ...(detail === undefined ? {} : { detail }),
    ...(isNonceRefusal && jkt !== undefined
      ? { nextNonce: attempt.config.proofs.nonce(jkt, attempt.check.atMs) }
      : {}),
  }
}

function identified(
  attempt: Attempt,
  token: VerifiedToken,
  methods: readonly BindingMethod[],
  used: { readonly hop?: SingleUse; readonly proof?: SingleUse },
): Identified {
  const isBound = methods.length > 0
  const nextNonce = used.proof === undefined ? undefined : freshNonceAfter(attempt, token, used.proof)
  const use = used.hop ?? used.proof
  return {
    state: 'identified',
    credential: token.credential,
    scheme: attempt.presented.scheme,
    carrier: attempt.presented.cookie && 'cookie',
    workload: attempt.workload,
    binding: {
      state: isBound ? 'verified' : 'absent',
      methods,
      isRequired: token.binding.mode === 'required',
      isCarried: isBound && used.hop !== undefined,
      isOptional: token.binding.mode === 'optional' ? true : undefined,
    },
    uses: use === undefined ? [] : [use],
    isCounted: used.hop !== undefined,
    nextNonce,
  }
}

/** A client whose nonce is past half of its life gets the next one with its answer (RFC 9449 section 8.2). */
function freshNonceAfter(attempt: Attempt, token: VerifiedToken, proof: SingleUse): string | undefined {
  const { jkt } = token.credential.confirmation
  const isAging = proof.nonceAgeMs !== undefined && proof.nonceAgeMs > NONCE_LIFE_MS / 2
  if (jkt === undefined || !isAging || token.binding.dpop.nonce !== 'required') return undefined
  return attempt.config.proofs.nonce(jkt, attempt.check.atMs)
}
