import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import type { BindingPolicy, ProofInput, VerifiedToken } from '../../src/identity/contract.ts'
import type { Entrypoint } from '../../src/model.ts'
import { createProofVerifier } from '../../src/tokens/dpop.ts'
import { createNonces } from '../../src/tokens/nonce.ts'
import { athOf, makeSigner, type ProofSigner, signProof } from '../harness/proofs.ts'
import { AT_MS, makeCheck, makeEntrypoint, makeToken } from '../harness/requests.ts'

/** One verifier of proofs, and what it says of a proof. */

export const TOKEN = 'header.claims.signature'
export const HTU = 'https://api.example.com/v1/users/~bob'
export const NOW = AT_MS / 1000
export const nonces = createNonces([Buffer.alloc(32, 1)], randomBytes)
export const verifier = createProofVerifier(nonces)
export const entrypoint = makeEntrypoint()

export const es256: ProofSigner = await makeSigner('ES256')
export const CLAIMS = { jti: 'jti-1', htm: 'GET', htu: HTU, iat: NOW, ath: athOf(TOKEN) }

export interface Case {
  readonly signer?: ProofSigner
  readonly header?: Record<string, unknown>
  readonly claims?: Record<string, unknown>
  readonly proof?: string
  readonly dpop?: Partial<BindingPolicy['dpop']>
  readonly check?: Parameters<typeof makeCheck>[0]
  readonly entrypoint?: Entrypoint
  readonly token?: VerifiedToken
}

export function inputOf(c: Case): ProofInput {
  const signer = c.signer ?? es256
  return {
    proof:
      c.proof ?? signProof(signer, { header: c.header ?? {}, claims: { ...CLAIMS, ...(c.claims ?? {}) } }),
    check: makeCheck(c.check),
    entrypoint: c.entrypoint ?? entrypoint,
    token: c.token ?? makeToken(TOKEN, { jkt: signer.jkt }, c.dpop === undefined ? {} : { dpop: c.dpop }),
  }
}

/** The failure code, or `ok`. */
export async function verdict(c: Case): Promise<string> {
  const result = await verifier.verify(inputOf(c))
  return result.ok ? 'ok' : result.failure
}

export async function useOf(c: Case) {
  const result = await verifier.verify(inputOf(c))
  if (!result.ok) throw new Error(result.failure)
  return result.value
}
