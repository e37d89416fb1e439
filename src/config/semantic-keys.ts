import type { SettingsProblem } from '../errors.ts'
import type { IssuerSettings, TrustDomainSettings } from './schema/identity.ts'

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** Keys fetched in the clear could be anyone's keys, so `http:` is for tests on the same machine. */
function plainFetch(uri: string): string | undefined {
  if (!URL.canParse(uri)) return 'write a URL, e.g. https://idp.example.com'
  const url = new URL(uri)
  if (url.username !== '' || url.password !== '') return 'a URL here cannot carry a user or password'
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return undefined
  return 'keys are fetched over https only (http is allowed for loopback addresses)'
}

/** Keys of an issuer of tokens or of postures. */
export function checkKeys(
  { issuer, jwks }: Pick<IssuerSettings, 'issuer' | 'jwks'>,
  path: SettingsProblem['path'],
): SettingsProblem[] {
  const uriFault = jwks.uri === undefined ? undefined : plainFetch(jwks.uri)
  const issuerFault = jwks.discovery === true ? plainFetch(issuer) : undefined
  return [
    ...(uriFault === undefined ? [] : [{ path: [...path, 'jwks', 'uri'], message: uriFault }]),
    ...(issuerFault === undefined
      ? []
      : [{ path: [...path, 'issuer'], message: `discovery asks the issuer: ${issuerFault}` }]),
  ]
}

/** A trust domain publishes a bundle, and whoever takes its JWT-SVIDs must be one of those they are for. */
export function checkTrustDomain({ jwks, audiences }: TrustDomainSettings, index: number): SettingsProblem[] {
  const path = ['identity', 'workloads', 'trustDomains', index]
  if ((jwks === undefined) !== (audiences === undefined)) {
    const key = jwks === undefined ? 'audiences' : 'jwks'
    return [{ path: [...path, key], message: 'jwks and audiences belong together: JWT-SVIDs need both' }]
  }
  if (jwks?.discovery === true) {
    const message = 'a trust domain has no issuer metadata; give uri, file or inline'
    return [{ path: [...path, 'jwks', 'discovery'], message }]
  }
  const fault = jwks?.uri === undefined ? undefined : plainFetch(jwks.uri)
  return fault === undefined ? [] : [{ path: [...path, 'jwks', 'uri'], message: fault }]
}
