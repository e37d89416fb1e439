import type { FailureCode } from '../errors.ts'
import type { Check, Credential, Entrypoint, SingleUse, TokenCredential, Workload } from '../model.ts'

/** Ports that `app` hands to the identity stage. Expected refusals are values; nothing here throws on bad input. */

export type Refused = { readonly ok: false; readonly failure: FailureCode; readonly detail?: string }
export type Result<T> = { readonly ok: true; readonly value: T } | Refused

export const refused = (failure: FailureCode, detail?: string): Refused =>
  detail === undefined ? { ok: false, failure } : { ok: false, failure, detail }

/** Life of a server nonce: how long a proof made with it is accepted (contract: nonce). */
export const NONCE_LIFE_MS = 300_000

/** Greatest age of an `x-vigil-hop`. */
export const HOP_LIFE_MS = 10_000

/** How an issuer wants its tokens to be held. */
export interface BindingPolicy {
  readonly mode: 'required' | 'when-present' | 'optional'
  readonly dpop: {
    readonly algorithms: readonly string[]
    readonly nonce: 'off' | 'required'
    readonly maxAgeSeconds: number
    readonly maxFutureSeconds: number
  }
}

/** Verifies access tokens (JWT-01…17, AT-01…09) through the verified-token cache. */
export interface TokenVerifier {
  /** @param token the compact token as it stood in the header; never logged. */
  verify(
    token: string,
    entrypoint: Entrypoint,
    atMs: number,
  ): Promise<Result<VerifiedToken>> | Result<VerifiedToken>
}

export interface VerifiedToken {
  readonly credential: TokenCredential
  readonly binding: BindingPolicy
}

export interface ProofInput {
  readonly proof: string
  readonly check: Check
  readonly entrypoint: Entrypoint
  readonly token: VerifiedToken
}

/** Verifies one DPoP proof (DPOP-02…16 without the replay, which `history.recall` decides). */
export interface ProofVerifier {
  verify(input: ProofInput): Promise<Result<SingleUse>> | Result<SingleUse>
  /** A fresh server nonce for the key that holds the token. */
  nonce(jkt: string, atMs: number): string
}

/** What a hop is bound to (contract section 1, entrypoints). */
export interface HopClaims {
  readonly tokenHash: string
  /** `dpop`, `mtls`, `dpop+mtls` or `none`: how the edge saw the token bound. */
  readonly binding: string
  readonly method: string
  readonly authority: string
  readonly decisionId: string
  readonly atMs: number
}

/** x-vigil-hop: the edge's word to the inside entrypoints that it has proved this request. */
export interface HopSigner {
  sign(claims: HopClaims): string
  /** The claims when the hop is authentic and at most 10 s old, else undefined. */
  verify(
    hop: string,
    expected: Omit<HopClaims, 'binding' | 'decisionId' | 'atMs'>,
    atMs: number,
  ): HopClaims | undefined
}

export interface TrustDomain {
  readonly name: string
  readonly tenant?: string | undefined
}

/** The trust domains whose workloads are known. */
export interface Workloads {
  readonly domains: ReadonlyMap<string, TrustDomain>
  /** Peers seen lately: the same workload is the same object each time. */
  readonly known: {
    get(key: string): PeerIdentity | undefined
    set(key: string, peer: PeerIdentity): unknown
  }
}

/** A peer that is a workload: its name, and the credential that it is where no token is shown. */
export interface PeerIdentity {
  readonly workload: Workload
  readonly credential: Credential
}

/** A cookie that may hold a token: whose, and which other origins may send it with what changes something. */
export interface TokenCookie {
  readonly name: string
  readonly issuers: ReadonlySet<string>
  readonly origins: ReadonlySet<string>
}

export interface Cookies {
  /** By the name as lenient readers would see it. */
  readonly byLenientName: ReadonlyMap<string, TokenCookie>
}

/** What the stage works with; part of the snapshot of one check. */
export interface IdentityConfig {
  readonly tokens: TokenVerifier
  readonly proofs: ProofVerifier
  readonly hops: HopSigner
  /** Absent: no trust domain is configured, and peers are nobody. */
  readonly workloads: Workloads | undefined
  /** Absent: no issuer's tokens come in a cookie, and no cookie is looked at. */
  readonly cookies: Cookies | undefined
  /** `acknowledge.unverifiedCaller`: believe peers and certificates told by an Envoy that has not proved who it is. */
  readonly believesUnverifiedCaller: boolean
}
