/** Who is at the other end of the connection, by the word of an Envoy that may be believed. */
import { CERTIFICATES, type Certificate, SVID } from '../certificates.ts'
import type { Caller, EntrypointSettings, World } from '../settings.ts'
import { TRUST_DOMAIN, WORKLOAD } from '../world.ts'
import { only, type Seen } from './seen.ts'

export const isBelieved = (caller: Caller, world: World): boolean =>
  caller.state !== 'unverified' || world.isCallerAcknowledged

export function entrypointOf(
  seen: Seen,
  caller: Caller,
  { settings }: World,
): EntrypointSettings | undefined {
  return settings.entrypoints.find(({ match }) => {
    if (
      match.callerSan !== undefined &&
      !(caller.state === 'verified' && caller.sans.includes(match.callerSan))
    )
      return false
    if (match.destinationPrincipal !== undefined && seen.destination.principal !== match.destinationPrincipal)
      return false
    if (match.port !== undefined && seen.destination.port !== match.port) return false
    return Object.entries(match.extension ?? {}).every(([name, value]) => seen.extensions[name] === value)
  })
}

const ENCODED = new Map(CERTIFICATES.map((each) => [encodeURIComponent(each.pem), each]))

/** The thumbprint by which the client may prove a bound token: every one that somebody who is believed tells. */
export function thumbprints(seen: Seen, entrypoint: EntrypointSettings | undefined): readonly string[] {
  const own = ENCODED.get(seen.source.certificate)
  if (own !== undefined) return [own.x5t]
  if (entrypoint === undefined) return []
  const told = CERTIFICATES.filter(
    (each) => isInXfcc(each, seen, entrypoint) || isClientCert(each, seen, entrypoint),
  )
  return told.map(({ x5t }) => x5t)
}

function isInXfcc({ x5t, pem }: Certificate, seen: Seen, { xfcc }: EntrypointSettings): boolean {
  const last = xfcc ? lastElement(seen) : ''
  const hex = Buffer.from(x5t, 'base64url').toString('hex')
  return last.toLowerCase().includes(hex) || last.includes(encodeURIComponent(pem))
}

/** RFC 9440, from the proxies that worlds name. */
function isClientCert({ der }: Certificate, seen: Seen, { clientCertFrom }: EntrypointSettings): boolean {
  const isProxy = clientCertFrom.length > 0 && seen.source.ip.replace('::ffff:', '').startsWith('198.51.100.')
  return isProxy && only(seen, 'client-cert')?.trim() === `:${der.toString('base64')}:`
}

/** What stands behind the last comma outside quotes. */
function lastElement(seen: Seen): string {
  const text = (seen.headers.get('x-forwarded-client-cert') ?? []).join(',')
  let [start, isQuoted] = [0, false]
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"' && text[i - 1] !== '\\') isQuoted = !isQuoted
    if (text[i] === ',' && !isQuoted) start = i + 1
  }
  return text.slice(start)
}

/** The workload whose connection this may be. */
export function workloadOf(
  seen: Seen,
  entrypoint: EntrypointSettings | undefined,
  caller: Caller,
  world: World,
): string | undefined {
  if (world.settings.identity.workloads.trustDomains.length === 0) return undefined
  if (entrypoint === undefined || !entrypoint.peerVerified || !isBelieved(caller, world)) return undefined
  const { principal, certificate } = seen.source
  const uris = entrypoint.xfcc ? [...lastElement(seen).matchAll(/(?:^|;)\s*uri="?([^;"]*)/gi)] : []
  const name = principal === '' && uris.length === 1 ? uris[0]?.[1] : principal
  if (name === undefined || !WELL_FORMED.test(name)) return undefined
  // A certificate that Envoy tells must be the one that is an X509-SVID without flaw; what is none is not there.
  const shown = ENCODED.get(certificate)
  return shown === undefined || (shown === SVID && name === WORKLOAD) ? name : undefined
}

/** SPIFFE ID section 2, of the one trust domain that worlds know. */
const WELL_FORMED = new RegExp(
  `^spiffe://${TRUST_DOMAIN.replaceAll('.', '[.]')}(/(?![.]{1,2}(/|$))[A-Za-z0-9._-]+)+$`,
)

/** Who forwards does not ask. */
export const isForwarder = (
  seen: Seen,
  workload: string,
  { role, trustedProxies, edges }: EntrypointSettings,
): boolean =>
  role === 'edge' ? trustedProxies > 0 : edges.includes(seen.source.principal) || edges.includes(workload)
