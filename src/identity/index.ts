import type { IdentitySettings } from '../config/schema/identity.ts'
import type { Binding, Check, Decision, Entrypoint, Subject } from '../model.ts'
import { authenticateJwt } from './authenticators/jwt.ts'
import { authenticatePeer, compileWorkloads, isForwarder } from './authenticators/workload.ts'
import { type Attempt, bind, refuse } from './bind.ts'
import type {
  Cookies,
  HopSigner,
  IdentityConfig,
  PeerIdentity,
  ProofVerifier,
  Result,
  VerifiedToken,
} from './contract.ts'
import { compileCookies, cookieOnward, crossSiteRefusal } from './cookie.ts'
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
  const reading = readCredential(check, config.cookies)
  const { workloads, believesUnverifiedCaller } = config
  const peer = workloads && authenticatePeer(check, entrypoint, workloads, believesUnverifiedCaller)
  if (reading.kind === 'none') return peer === undefined ? ANONYMOUS : peerSubject(peer, check, entrypoint)
  if (reading.kind === 'refused') {
    const { kind: _kind, ...refusal } = reading
    return { state: 'refused', ...refusal }
  }
  // One credential, one subject: beside a token the peer is a fact, and one that does not hold is none.
  const workload = peer?.ok ? peer.value.workload : undefined
  const attempt: Attempt = { presented: reading.presented, check, entrypoint, config, workload }
  const { cookie } = reading.presented
  const crossSite = cookie && crossSiteRefusal(check, entrypoint, cookie)
  if (crossSite !== undefined) return refuse(attempt, crossSite)
  const finish = (verified: Result<VerifiedToken>) =>
    verified.ok ? bind(attempt, verified.value) : refuse(attempt, verified)
  const verified = authenticateJwt(reading.presented, check, entrypoint, config.tokens)
  return verified instanceof Promise ? verified.then(finish) : finish(verified)
}

const PEER_BINDING: Binding = { state: 'verified', methods: ['mtls'], isRequired: false, isCarried: false }

/** Who asks where no token is shown: the workload itself, whose handshake has proved that it holds its key. */
function peerSubject(peer: Result<PeerIdentity>, check: Check, entrypoint: Entrypoint): Subject {
  if (isForwarder(check, entrypoint, peer.ok ? peer.value.workload : undefined)) return ANONYMOUS
  if (!peer.ok) {
    const { failure, detail } = peer
    return { state: 'refused', failure, ...(detail === undefined ? {} : { detail }) }
  }
  const { credential, workload } = peer.value
  return {
    state: 'identified',
    credential,
    scheme: undefined,
    carrier: 'peer',
    workload,
    binding: PEER_BINDING,
    uses: [],
    isCounted: false,
    nextNonce: undefined,
  }
}

/** The ports and flags of one snapshot, in the form that `identify` reads. */
export function compileIdentity(
  ports: Pick<IdentityConfig, 'tokens' | 'proofs' | 'hops'>,
  acknowledge: { readonly unverifiedCaller: boolean },
  settings?: IdentitySettings,
): IdentityConfig {
  const { tokens, proofs, hops } = ports
  const workloads = compileWorkloads(settings?.workloads.trustDomains ?? [])
  const cookies = settings && compileCookies(settings)
  return Object.freeze({
    tokens,
    proofs,
    hops,
    workloads,
    cookies,
    believesUnverifiedCaller: acknowledge.unverifiedCaller,
  })
}

/** What makes the values that only an answer holds. */
export interface AnswerMakers {
  readonly proofs: Pick<ProofVerifier, 'nonce'>
  readonly hops: Pick<HopSigner, 'sign'>
  /** Absent: no cookie holds a token, or none is known. */
  readonly cookies?: Cookies | undefined
}

/** What identity adds to an answer. */
export interface Equipment {
  /** The subject with the nonce that the answer must give. */
  readonly subject: Subject
  readonly entrypoint: Entrypoint
  /** The value of `x-vigil-hop` for the inside entrypoints behind this edge. */
  readonly hop?: string
  /** What is left of the `cookie` header, empty for nothing; absent: it passes as it came. */
  readonly cookie?: string
}

/** What an answer is given whoever asks: no token in a cookie for an application that shall see none. */
export function equipNobody(
  check: Check,
  entrypoint: Entrypoint,
  { cookies }: Pick<AnswerMakers, 'cookies'>,
): Pick<Equipment, 'entrypoint' | 'cookie'> {
  const cookie = entrypoint.forwardsCredential || !cookies ? undefined : cookieOnward(check, cookies)
  return cookie === undefined ? { entrypoint } : { entrypoint, cookie }
}

/**
 * Equips an answer after the decision: a hop where an edge lets an identified subject pass, and a fresh nonce where
 * a good proof must nevertheless come back with one (the replay store is away, or was replaced).
 * @param isProvedAndObserved observe mode lets a refusal of rights pass: the Envoys behind must know the subject, too
 */
export function equip(
  subject: Subject,
  decision: Decision,
  check: Check,
  entrypoint: Entrypoint,
  makers: AnswerMakers,
  isProvedAndObserved = false,
): Equipment {
  const given = equipNobody(check, entrypoint, makers)
  if (subject.state !== 'identified') return { subject, ...given }
  if (decision.effect === 'deny' && decision.failure === 'identity.dpop.nonce-required') {
    const { jkt } = subject.credential.confirmation
    const nonced =
      jkt === undefined ? subject : { ...subject, nextNonce: makers.proofs.nonce(jkt, check.atMs) }
    return { subject: nonced, ...given }
  }
  // A peer shows itself again at the next Envoy; there is no token that a hop could vouch for.
  const { tokenHash } = subject.credential
  if (subject.carrier === 'peer' || tokenHash === undefined) return { subject, ...given }
  const isPassed = decision.effect === 'allow' || decision.effect === 'monitor' || isProvedAndObserved
  if (!isPassed || entrypoint.role !== 'edge' || !entrypoint.issuesHop) return { subject, ...given }
  const hop = makers.hops.sign({
    tokenHash,
    binding: writeBinding(subject.binding.methods),
    method: check.method,
    authority: check.authority,
    decisionId: check.id,
    atMs: check.atMs,
  })
  return { subject, ...given, hop }
}
