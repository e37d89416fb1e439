import type { Credential } from '../../src/model.ts'
import { silentLog, silentMeter } from '../../src/ports.ts'
import { createTokenVerifier } from '../../src/tokens/verifier.ts'
import {
  entrypointOf,
  identityOf,
  type Members,
  manualClock,
  mintAccessToken,
  NOW_MS,
  type TokenOverrides,
} from '../harness/tokens.ts'

/** The verifier of one issuer without its cache, and what it says of a token. */

export const deps = { clock: manualClock(), meter: silentMeter, log: silentLog, baseDir: '/' }

export function verifierOf(settings = identityOf({}, { maxTokens: 0 })) {
  const compiled = createTokenVerifier(settings, deps)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  return compiled.value
}

export const plain = verifierOf()

/** `accepted` or the failure code. */
export async function verdict(token: string, verifier = plain, atMs = NOW_MS): Promise<string> {
  const result = await verifier.verify(token, entrypointOf(), atMs)
  return result.ok ? 'accepted' : result.failure
}

export const of = (issuer: Members) => verifierOf(identityOf(issuer, { maxTokens: 0 }))
export const minted = (claims: Members) => mintAccessToken({ claims })

export async function credentialOf(token: string, verifier = plain, tenant?: string): Promise<Credential> {
  const entrypoint = entrypointOf(tenant === undefined ? {} : { tenant })
  const result = await verifier.verify(token, entrypoint, NOW_MS)
  if (!result.ok) throw new Error(result.failure)
  return result.value.credential
}

export type Case = readonly [name: string, overrides: TokenOverrides, expected: string]
