import type { BindingPolicy, VerifiedToken } from '../../src/identity/contract.ts'
import type { Check, Credential, Entrypoint } from '../../src/model.ts'
import { checkOf, credentialOf, entrypointOf } from '../support/check-of.ts'
import { athOf } from './proofs.ts'

export const AT_MS = 1_800_000_000_000

/** A plain GET of https://api.example.com/v1/users/~bob by a caller that has proved who it is. */
export function makeCheck(
  parts: Partial<Omit<Check, 'headers'>> & { headers?: Record<string, string | string[]> } = {},
): Check {
  const { headers = {}, ...rest } = parts
  return checkOf({
    id: '5f0c3b1e-0000-4000-8000-000000000001',
    atMs: AT_MS,
    caller: { state: 'verified', sans: ['spiffe://mesh/gateway'] },
    path: '/v1/users/~bob',
    headers: new Map(Object.entries(headers).map(([name, value]) => [name, [value].flat()])),
    source: { ip: '192.0.2.7', port: 4711, principal: '' },
    destination: { ip: '10.0.0.1', port: 443, principal: '' },
    ...rest,
  })
}

export const makeEntrypoint = (parts: Partial<Entrypoint> = {}): Entrypoint =>
  entrypointOf({
    envoyAppends: true,
    externalOrigins: ['https://api.example.com'],
    issuesHop: true,
    ...parts,
  })

export const POLICY: BindingPolicy = {
  mode: 'when-present',
  dpop: { algorithms: ['ES256', 'Ed25519', 'PS256'], nonce: 'off', maxAgeSeconds: 60, maxFutureSeconds: 5 },
}

/** What a TokenVerifier would say of this token. */
export function makeToken(
  token: string,
  confirmation: Credential['confirmation'],
  policy: Partial<Omit<BindingPolicy, 'dpop'>> & { dpop?: Partial<BindingPolicy['dpop']> } = {},
): VerifiedToken {
  return {
    binding: { ...POLICY, ...policy, dpop: { ...POLICY.dpop, ...policy.dpop } },
    credential: credentialOf({
      subject: 'bob',
      issuedAt: AT_MS / 1000 - 60,
      expiresAt: AT_MS / 1000 + 600,
      tokenHash: athOf(token),
      confirmation,
    }),
  }
}
