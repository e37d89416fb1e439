import type { BindingMethod, Check, Entrypoint, SingleUse } from '../model.ts'
import { isCallerBelieved } from './caller.ts'
import { HOP_LIFE_MS, type HopClaims, type HopSigner, type VerifiedToken } from './contract.ts'

export const HOP_HEADER = 'x-vigil-hop'
/** A use is remembered so much longer than a hop lives: one second of clock difference at each end. */
const REPLAY_LEEWAY_MS = 2_000

/** What a valid hop brings: how the edge saw the token bound, and the one use of the hop. */
export interface CarriedProof {
  readonly methods: readonly BindingMethod[]
  readonly use: SingleUse
}

/** The word in the hop for how a token was seen bound. */
export const writeBinding = (methods: readonly BindingMethod[]): string =>
  methods.length === 0 ? 'none' : methods.join('+')

/**
 * The proof that an edge has carried here, or undefined: then this request must prove itself. Edges never read hops;
 * a hop that was issued before the edge saw all bindings of this token proved is worth nothing.
 */
export function readHop(
  token: VerifiedToken,
  check: Check,
  entrypoint: Entrypoint,
  signer: HopSigner,
  believesUnverifiedCaller: boolean,
): CarriedProof | undefined {
  if (entrypoint.role !== 'inside') return undefined
  const lines = check.headers.get(HOP_HEADER)
  const [line] = lines ?? []
  if (line === undefined || lines?.length !== 1) return undefined
  const { tokenHash, confirmation } = token.credential
  const { method, authority } = check
  const claims = signer.verify(line, { tokenHash, method, authority }, check.atMs)
  if (claims === undefined) return undefined
  const methods = readBinding(claims.binding)
  if (confirmation.jkt !== undefined && !methods.includes('dpop')) return undefined
  if (confirmation.x5t !== undefined && !methods.includes('mtls')) return undefined
  return { methods, use: useOf(claims, check, entrypoint, believesUnverifiedCaller) }
}

function readBinding(word: string): readonly BindingMethod[] {
  return word.split('+').filter((part) => part === 'dpop' || part === 'mtls' || part === 'device')
}

/** Single use per inside entrypoint: one hop passes through several of them. */
function useOf(
  claims: HopClaims,
  check: Check,
  entrypoint: Entrypoint,
  believesUnverifiedCaller: boolean,
): SingleUse {
  const isFromEdge =
    entrypoint.peerVerified &&
    check.source.principal !== '' &&
    entrypoint.edges.includes(check.source.principal) &&
    isCallerBelieved(check, believesUnverifiedCaller)
  return {
    kind: 'hop',
    name: [entrypoint.name, claims.decisionId, claims.tokenHash].join('\n'),
    ttlMs: HOP_LIFE_MS + REPLAY_LEEWAY_MS,
    issuedAtMs: claims.atMs,
    mayRepeat: isFromEdge,
  }
}
