import type { BindingPolicy, VerifiedToken } from '../../src/identity/contract.ts'
import type { Check, Credential, Entrypoint } from '../../src/model.ts'
import { athOf } from './proofs.ts'

export const AT_MS = 1_800_000_000_000

/** A plain GET of https://api.example.com/v1/users/~bob by a caller that has proved who it is. */
export function makeCheck(
  parts: Partial<Omit<Check, 'headers'>> & { headers?: Record<string, string | string[]> } = {},
): Check {
  const { headers = {}, ...rest } = parts
  return {
    id: '5f0c3b1e-0000-4000-8000-000000000001',
    atMs: AT_MS,
    caller: { state: 'verified', sans: ['spiffe://mesh/gateway'] },
    attempt: 'attempt',
    method: 'GET',
    scheme: 'https',
    authority: 'api.example.com',
    path: '/v1/users/~bob',
    hasQuery: false,
    hasQueryToken: false,
    protocol: 'HTTP/2',
    headers: new Map(Object.entries(headers).map(([name, value]) => [name, [value].flat()])),
    source: { ip: '192.0.2.7', port: 4711, principal: '' },
    destination: { ip: '10.0.0.1', port: 443, principal: '' },
    sni: '',
    extensions: new Map(),
    metadata: {},
    isGrpc: false,
    ...rest,
  }
}

export function makeEntrypoint(parts: Partial<Entrypoint> = {}): Entrypoint {
  return {
    name: 'gateway',
    role: 'edge',
    trustedProxies: 0,
    envoyAppends: true,
    externalOrigins: ['https://api.example.com'],
    peerVerified: false,
    trustsXfcc: false,
    clientCertFrom: [],
    edges: [],
    issuesHop: true,
    ...parts,
  }
}

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
    credential: {
      issuer: 'https://idp.example.com',
      subject: 'bob',
      kind: 'user',
      tenant: '',
      session: { id: 's1', isDerived: false },
      scopes: [],
      amr: [],
      issuedAt: AT_MS / 1000 - 60,
      expiresAt: AT_MS / 1000 + 600,
      claims: {},
      tokenId: 'jti-1',
      tokenHash: athOf(token),
      confirmation,
    },
  }
}
