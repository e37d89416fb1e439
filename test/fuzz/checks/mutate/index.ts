import { bytesMutators } from './bytes.ts'
import { headerMutators } from './headers.ts'
import { mcpMutators, towardsMcp } from './mcp.ts'
import { metadataMutators } from './metadata.ts'
import type { Mutators } from './mutation.ts'
import { proofMutators } from './proof.ts'
import { hopMutators, requestMutators } from './request.ts'
import { svidMutators } from './svid.ts'
import { tokenMutators } from './token.ts'

/** By the moment at which they act: before tokens are signed, before headers are encoded, on the encoded message. */
export const BEFORE_SIGNING: Mutators = {
  ...tokenMutators,
  ...svidMutators,
  ...proofMutators,
  ...requestMutators,
  ...metadataMutators,
  ...towardsMcp,
}
export const BEFORE_ENCODING: Mutators = { ...headerMutators, ...mcpMutators, ...hopMutators }
export const ENCODED: Mutators = bytesMutators

const ALL = new Set([BEFORE_SIGNING, BEFORE_ENCODING, ENCODED].flatMap((some) => Object.keys(some)))

/** What an attacker would try first comes more often than the rest, and what hits only few requests more often still. */
const OFTEN =
  /^(claim gone|(issuer|audience|times|scope|confirmation|client|key|subject) other|token algorithm|key of encryption|svid|proof (gone|method|time|hash|nonce|key|algorithm|id)|path|authorization|cookie|posture (other|key)|entrypoint|method|peer|store|mcp|metadata)/
const MOST_OFTEN =
  /^(login|client abroad|site|hop|caller|xfcc|proof target|posture confirmation|path (escaped|slashes))/

const timesOf = (name: string): number => (MOST_OFTEN.test(name) ? 6 : OFTEN.test(name) ? 3 : 1)

/** Names of mutators, as often as they shall come. */
export const MUTATIONS: readonly string[] = [...ALL].flatMap((name) =>
  Array<string>(timesOf(name)).fill(name),
)
