import type { SettingsProblem } from '../errors.ts'
import { EARLY } from '../lib/early.ts'
import type { IssuerSettings, TrustDomainSettings } from './schema/identity.ts'
import type { Settings } from './schema/settings.ts'

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

/** A fetch that may outlast the time by which it begins early: until it ends, checks wait for it. */
export function slowKeys({ identity, context }: Settings): SettingsProblem[] {
  const { issuers, workloads } = identity
  const holders = [
    ...issuers.map(({ jwks }, i) => ({ jwks, path: ['identity', 'issuers', i] })),
    ...workloads.trustDomains.map(({ jwks }, i) => ({
      jwks,
      path: ['identity', 'workloads', 'trustDomains', i],
    })),
    ...(context.device.posture?.issuers ?? []).map(({ jwks }, i) => ({
      jwks,
      path: ['context', 'device', 'posture', 'issuers', i],
    })),
  ]
  return holders.flatMap(({ jwks, path }) => (jwks === undefined ? [] : slowFetch(jwks, path)))
}

function slowFetch(
  { uri, discovery, refreshSeconds, timeoutMs }: IssuerSettings['jwks'],
  path: SettingsProblem['path'],
): SettingsProblem[] {
  const isFetched = uri !== undefined || discovery === true
  const aheadMs = Math.round(refreshSeconds * 1000 * (1 - EARLY))
  if (!isFetched || timeoutMs <= aheadMs) return []
  // In whole milliseconds first: in binary, four fifths leave a hair less than one.
  const least = Math.ceil(Math.round(timeoutMs / (1 - EARLY)) / 1000)
  const message =
    `a fetch may take ${timeoutMs} ms (timeoutMs) and begins only ${aheadMs} ms before checks wait for it; ` +
    `write ${least} here, or a shorter timeoutMs`
  // The default of refreshSeconds is long enough for every timeout, so it is refreshSeconds that was written.
  return [{ path: [...path, 'jwks', 'refreshSeconds'], message }]
}
