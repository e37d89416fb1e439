import { Buffer } from 'node:buffer'
import { createHash, randomBytes } from 'node:crypto'
import { type IdentityConfig, refused, type VerifiedToken } from '../../src/identity/contract.ts'
import { compileIdentity, equip, identify } from '../../src/identity/index.ts'
import type { Check, Decision, Entrypoint, Subject } from '../../src/model.ts'
import { createProofVerifier } from '../../src/tokens/dpop.ts'
import { createHopSigner } from '../../src/tokens/hop.ts'
import { createNonces } from '../../src/tokens/nonce.ts'
import { athOf, makeSigner, type ProofSigner, signProof } from '../harness/proofs.ts'
import { AT_MS, makeCheck, makeEntrypoint, makeToken } from '../harness/requests.ts'

/** The identity stage with tokens that are known by name, real proofs and real hops. */

export const CERTIFICATE = Buffer.from('a certificate')
export const X5T = createHash('sha256').update(CERTIFICATE).digest('base64url')
export const nonces = createNonces([Buffer.alloc(32, 1)], randomBytes)
export const edge = makeEntrypoint()
export const inside = makeEntrypoint({
  name: 'orders',
  role: 'inside',
  issuesHop: false,
  edges: ['spiffe://edge'],
})

export const signer: ProofSigner = await makeSigner('ES256')
const { jkt } = signer
const required = { mode: 'required' } as const
export const known: ReadonlyMap<string, VerifiedToken> = new Map([
  ['plain', makeToken('plain', {})],
  ['plain-required', makeToken('plain-required', {}, required)],
  ['plain-optional', makeToken('plain-optional', {}, { mode: 'optional' })],
  ['dpop', makeToken('dpop', { jkt })],
  ['dpop-required', makeToken('dpop-required', { jkt }, required)],
  ['dpop-optional', makeToken('dpop-optional', { jkt }, { mode: 'optional' })],
  ['dpop-nonce', makeToken('dpop-nonce', { jkt }, { dpop: { nonce: 'required' } })],
  ['mtls', makeToken('mtls', { x5t: X5T }, required)],
  ['both', makeToken('both', { jkt, x5t: X5T }, required)],
])

function verify(token: string) {
  const found = known.get(token)
  return found === undefined ? refused('identity.token.signature') : ({ ok: true, value: found } as const)
}

const ports = { proofs: createProofVerifier(nonces), hops: createHopSigner([Buffer.alloc(32, 2)]) }
const unbelieving = { unverifiedCaller: false }
export const config: IdentityConfig = compileIdentity({ ...ports, tokens: { verify } }, unbelieving)
/** The same when a token has to be verified first. */
export const slowConfig: IdentityConfig = compileIdentity(
  { ...ports, tokens: { verify: (token) => Promise.resolve(verify(token)) } },
  unbelieving,
)

let proofs = 0
export const proofOf = (token: string, claims: Record<string, unknown> = {}) =>
  signProof(signer, {
    claims: {
      jti: `jti-${proofs++}`,
      htm: 'GET',
      htu: 'https://api.example.com/v1/users/~bob',
      iat: AT_MS / 1000,
      ath: athOf(token),
      ...claims,
    },
  })

export interface Case {
  readonly authorization?: string
  readonly dpop?: string
  readonly hop?: string | string[]
  readonly certificate?: Uint8Array
  readonly principal?: string
  /** Others than those above. */
  readonly headers?: Record<string, string | string[]>
  readonly check?: Partial<Omit<Check, 'headers'>>
  readonly entrypoint?: Entrypoint
  readonly config?: IdentityConfig
}

export function checkOf(c: Case): Check {
  const headers: Record<string, string | string[]> = { ...c.headers }
  if (c.authorization !== undefined) headers['authorization'] = c.authorization
  if (c.dpop !== undefined) headers['dpop'] = c.dpop
  if (c.hop !== undefined) headers['x-vigil-hop'] = c.hop
  const certificate = c.certificate === undefined ? {} : { certificate: c.certificate }
  const source = { ip: '192.0.2.7', port: 1, principal: c.principal ?? '', ...certificate }
  return makeCheck({ source, ...c.check, headers })
}

export const subjectOf = (c: Case): Promise<Subject> | Subject =>
  identify(checkOf(c), c.entrypoint ?? edge, c.config ?? config)

/** `anonymous`, the failure code, or the binding methods of the identified subject. */
export async function verdict(c: Case): Promise<string> {
  const subject = await subjectOf(c)
  if (subject.state === 'anonymous') return 'anonymous'
  if (subject.state === 'refused') return subject.failure
  return `identified ${subject.binding.methods.join('+')}`.trim()
}

export async function identified(c: Case) {
  const subject = await subjectOf(c)
  if (subject.state !== 'identified') throw new Error(JSON.stringify(subject))
  return subject
}

export const withProof = (token: string, claims = {}): Case => ({
  authorization: `DPoP ${token}`,
  dpop: proofOf(token, claims),
})

export const decided = { reasons: ['policy.default.low-low'], shadow: [], degraded: [] } as const
export const ALLOW: Decision = { ...decided, effect: 'allow' }
export const ASK_NONCE: Decision = { ...decided, effect: 'deny', failure: 'identity.dpop.nonce-required' }
export const DENY: Decision = { ...decided, effect: 'deny', failure: 'policy.rule.denied' }

export const issueHop = (subject: Subject, check: Check, entrypoint: Entrypoint, from: IdentityConfig) =>
  equip(subject, ALLOW, check, entrypoint, from).hop
export const freshNonce = (subject: Subject, check: Check, from: IdentityConfig) => {
  const equipped = equip(subject, ASK_NONCE, check, edge, from).subject
  return equipped.state === 'anonymous' ? undefined : equipped.nextNonce
}
