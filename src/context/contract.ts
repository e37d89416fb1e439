import type { FailureCode } from '../errors.ts'

/** Ports that `app` hands to the context stage. Expected refusals are values; nothing here throws on bad input. */

/** What a verified posture token says. */
export interface PostureToken {
  readonly issuer: string
  /** Its `sub`: the device that it vouches for. */
  readonly device: string
  /** The keys that the device holds (RFC 7800). */
  readonly confirmation: { readonly jkt?: string; readonly x5t?: string }
  /** Members of its `posture` that configuration lists. */
  readonly claims: Readonly<Record<string, unknown>>
}

export type PostureResult =
  | { readonly ok: true; readonly value: PostureToken }
  | { readonly ok: false; readonly failure: FailureCode; readonly detail?: string }

/** Verifies posture tokens; a plain value when nothing has to be waited for. */
export interface PostureVerifier {
  /** @param token the compact token as it stood in the header; never logged */
  verify(token: string, atMs: number): PostureResult | Promise<PostureResult>
}
