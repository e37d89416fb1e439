/** Tokens of workloads (JWT-SVID): the bundle of a trust domain, and a token that one of its keys has signed. */
import type { Draft } from './draft.ts'
import { draftOf, type Members } from './jwt.ts'
import { type Key, keyOf } from './keys.ts'
import type { ActionSettings, TrustDomainSettings } from './settings.ts'

export const svidKeys = (): readonly [Key, ...Key[]] => [
  keyOf('ES256', 'bundle ES256'),
  keyOf('RS256', 'bundle RS256'),
]
/** Stands in the same bundle for certificates. */
export const x509Key = (): Key => keyOf('ES256', 'bundle x509')

/** What a trust domain says of its tokens. */
export function bundleOf(
  audiences: readonly string[],
  algorithms: readonly string[],
): Pick<TrustDomainSettings, 'jwks' | 'audiences' | 'algorithms'> {
  const own = svidKeys().map((key) => ({ ...key.jwk, kid: key.kid, use: 'jwt-svid' }))
  const other = x509Key()
  return {
    jwks: { inline: { keys: [...own, { ...other.jwk, kid: other.kid, use: 'x509-svid' }] } },
    audiences,
    algorithms,
  }
}

/** Such a token says nothing of scopes and logins. */
export const isForSvid = ({ scopes, authentication }: ActionSettings): boolean =>
  scopes.length === 0 && authentication === undefined

export function addSvid(draft: Draft, domain: TrustDomainSettings, path: string, way: number): void {
  const key = svidKeys().find(({ alg }) => way % 5 === 0 && domain.algorithms?.includes(alg)) ?? svidKeys()[0]
  const now = Math.floor(draft.atMs / 1000)
  const claims: Members = {
    sub: `spiffe://${domain.name}${path}`,
    aud: way % 2 === 0 ? [domain.audiences?.[0], 'urn:other'] : domain.audiences?.[0],
    exp: now + 200,
    ...(way % 3 === 0 ? {} : { iat: now - 20 }),
  }
  const header = { alg: key.alg, kid: key.kid, ...(way % 7 === 0 ? {} : { typ: 'JWT' }) }
  draft.token = draftOf(key, header, claims)
}
