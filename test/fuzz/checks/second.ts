/**
 * A second opinion on what was allowed: oauth4webapi, which others have written, judges token and proof by the same RFCs. It
 * is asked where it can answer at all: for tokens of RFC 9068 in the header Authorization, bound to nothing or to a key.
 */
import * as oauth from 'oauth4webapi'
import type { Verdict } from './oracle/index.ts'
import { readJws } from './oracle/jws.ts'
import { only, type Seen } from './oracle/seen.ts'
import type { GoodToken } from './oracle/token.ts'
import type { IssuerSettings } from './settings.ts'
import { textOf } from './text.ts'
import { API } from './world.ts'

interface Server {
  readonly as: oauth.AuthorizationServer
  readonly fetch: () => Promise<Response>
}

/** One for each configured issuer: the library keeps its keys by this object. */
const servers = new WeakMap<IssuerSettings, Server>()

function serverOf(issuer: IssuerSettings): Server {
  const known = servers.get(issuer)
  if (known !== undefined) return known
  const made = {
    as: { issuer: issuer.issuer, jwks_uri: `${issuer.issuer}/jwks` },
    fetch: async () => Response.json({ keys: issuer.jwks.inline.keys.map(withoutEdwardsName) }),
  }
  servers.set(issuer, made)
  return made
}

/** It wants the very name of the key in the header; here EdDSA and Ed25519 are two names of one algorithm (RFC 9864). */
const withoutEdwardsName = ({ alg, ...jwk }: Record<string, unknown>) =>
  alg === 'EdDSA' || alg === 'Ed25519' ? jwk : { ...jwk, alg }

/** @returns whether it would have been let in, and why not; undefined: the question cannot be put */
export async function secondOpinion(
  { who, seen }: Verdict,
  atMs: number,
): Promise<{ readonly why?: string } | undefined> {
  const token = who?.token
  if (token === undefined || seen === undefined || who?.use?.kind === 'hop') return undefined
  const request = requestOf(seen, token)
  if (request === undefined) return undefined
  const { as, fetch } = serverOf(token.issuer)
  const audience = token.issuer.audiences.find((name) => [token.claims['aud']].flat().includes(name)) ?? ''
  try {
    await oauth.validateJwtAccessToken(as, request, audience, {
      [oauth.customFetch]: fetch,
      [oauth.clockSkew]: Math.floor(atMs / 1000) - Math.floor(Date.now() / 1000),
      // The second in which the question is put may turn meanwhile.
      [oauth.clockTolerance]: token.issuer.leewaySeconds + 2,
      signingAlgorithms: ['Ed25519', 'EdDSA', 'ES256', 'RS256', 'PS256'],
    })
    return {}
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) }
  }
}

/** The request as the library wants it, where it is one that it understands. */
function requestOf(seen: Seen, token: GoodToken): Request | undefined {
  const [authorization, dpop] = [only(seen, 'authorization'), only(seen, 'dpop')]
  const isBound = token.jkt !== undefined
  if (authorization === undefined || token.issuer.tokenType !== 'at+jwt' || token.x5t !== undefined)
    return undefined
  if (Object.keys((token.claims['cnf'] ?? {}) as object).length > 1 || (dpop !== undefined) !== isBound)
    return undefined
  const jws = readJws(authorization.split(' ').at(-1) ?? '')
  // Without `kid` it takes no set with several keys.
  if (jws?.header['kid'] === undefined || !/^[\w./-]*$/.test(seen.path)) return undefined
  const proof = dpop === undefined ? undefined : readJws(dpop)?.claims
  const htu = proof === undefined ? API : textOf(proof['htu'])
  const url = URL.parse(htu)
  // It compares spellings, and asks for a time that a nonce makes needless.
  if (
    url === null ||
    proof?.['nonce'] !== undefined ||
    (isBound && htu.replace(/[?#].*/, '') !== url.origin + seen.path)
  )
    return undefined
  const headers = { authorization, ...(dpop === undefined ? {} : { dpop }) }
  return new Request(url.origin + seen.path, { method: seen.method, headers })
}
