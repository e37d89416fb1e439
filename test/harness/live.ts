import { athOf, type ProofSigner, signProof } from './proofs.ts'
import { AUDIENCE, mintAccessToken, type TokenOverrides } from './tokens.ts'

/** Credentials that are good now: for processes, whose clock no test can turn. */

const nowSeconds = () => Math.floor(Date.now() / 1000)

/** As mintAccessToken, but issued now for five minutes. */
export function mintNow({ claims, ...rest }: TokenOverrides = {}): string {
  const iat = nowSeconds()
  return mintAccessToken({ ...rest, claims: { iat, exp: iat + 300, ...claims } })
}

let proofs = 0

/** Headers of one request with a token bound to the signer's key; `claims` are the proof's. */
export function boundHeaders(
  signer: ProofSigner,
  path: string,
  claims: Readonly<Record<string, unknown>> = {},
  token: string = mintNow({ claims: { cnf: { jkt: signer.jkt } } }),
): Record<string, string> {
  const proof = {
    jti: `proof-${process.pid}-${++proofs}`,
    htm: 'GET',
    htu: `${AUDIENCE}${path}`,
    iat: nowSeconds(),
    ath: athOf(token),
    ...claims,
  }
  return { authorization: `DPoP ${token}`, dpop: signProof(signer, { claims: proof }) }
}
