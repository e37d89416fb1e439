import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { claimed, configured } from '../../lib/claimed.ts'
import { isSpiffe, parseSpiffeId, type SpiffeId } from '../../lib/spiffe.ts'
import { flawOfSvid } from '../../lib/x509-svid.ts'
import { lastXfccElement } from '../../lib/xfcc.ts'
import type { Check, Credential, Entrypoint, Workload } from '../../model.ts'
import { isCallerBelieved } from '../caller.ts'
import { type PeerIdentity, type Result, refused, type TrustDomain, type Workloads } from '../contract.ts'

/** Credentials kept, so that the same workload shows the same object and caches may hang on it. */
const MOST_PEERS = 10_000
/** Told to whoever reads the record. */
const HOW_TO_BELIEVE =
  'give it a client certificate (server.tls.clientCaFile) or a Unix socket, or accept its word (acknowledge.unverifiedCaller)'

/** @param trustDomains empty: peers are nobody, and nothing is looked at */
export function compileWorkloads(trustDomains: readonly TrustDomain[]): Workloads | undefined {
  if (trustDomains.length === 0) return undefined
  const domains = new Map(trustDomains.map((domain) => [domain.name, domain]))
  return { domains, known: new LRUCache({ max: MOST_PEERS }) }
}

/**
 * The workload at the other end of the connection, by the word of an Envoy that validates client certificates. Undefined
 * where there is none to speak of: such an Envoy it is not, or the peer has no SPIFFE ID.
 */
export function authenticatePeer(
  check: Check,
  entrypoint: Entrypoint,
  workloads: Workloads,
  believesUnverifiedCaller: boolean,
): Result<PeerIdentity> | undefined {
  if (!entrypoint.peerVerified) return undefined
  const name = nameOf(check, entrypoint)
  if (name === undefined) return undefined
  if (!name.ok) return name
  if (!isCallerBelieved(check, believesUnverifiedCaller)) {
    return refused('identity.workload.untrusted-caller', HOW_TO_BELIEVE)
  }
  const id = parseSpiffeId(name.value)
  // X509-SVID section 2: the ID of a trust domain itself is its authority's, never a leaf's.
  if (id === undefined || id.path === '') {
    return refused('identity.workload.malformed', `the peer is called ${claimed(name.value)}`)
  }
  const domain = workloads.domains.get(id.trustDomain)
  if (domain === undefined) {
    const detail = `${claimed(id.trustDomain)}; configured are ${configured(workloads.domains.keys())}`
    return refused('identity.workload.trust-domain', detail)
  }
  const { certificate } = check.source
  const flaw = certificate === undefined ? undefined : flawOf(certificate, id.id)
  if (flaw !== undefined) return refused('identity.workload.certificate', `the certificate ${flaw}`)
  return { ok: true, value: identityOf(id, domain.tenant ?? entrypoint.tenant ?? '', workloads) }
}

/** Judged before: the edge of this service gives the same object for a certificate that it remembers. */
const judged = new WeakMap<Uint8Array, { readonly id: string; readonly flaw: string | undefined }>()

function flawOf(certificate: Uint8Array, id: string): string | undefined {
  const before = judged.get(certificate)
  if (before?.id === id) return before.flaw
  const flaw = flawOfSvid(certificate, id)
  judged.set(certificate, { id, flaw })
  return flaw
}

/**
 * A proxy in front, or an edge before this inside entrypoint: its certificate says who forwards, not who asks. Taken for a
 * caller, it would lend its name to everybody who shows nothing.
 */
export function isForwarder(
  check: Check,
  { role, trustedProxies, edges }: Entrypoint,
  workload?: Workload,
): boolean {
  if (role === 'edge') return trustedProxies > 0
  return edges.includes(check.source.principal) || (workload !== undefined && edges.includes(workload.id))
}

/** The connection's own word first; of XFCC only the last element, and only where the entrypoint says so. */
function nameOf(check: Check, entrypoint: Entrypoint): Result<string> | undefined {
  const { principal } = check.source
  if (principal !== '') return isSpiffe(principal) ? { ok: true, value: principal } : undefined
  const lines = entrypoint.trustsXfcc ? check.headers.get('x-forwarded-client-cert') : undefined
  if (lines === undefined) return undefined
  const element = lastXfccElement(lines)
  if (element === undefined) {
    return refused('identity.workload.malformed', 'x-forwarded-client-cert cannot be read')
  }
  const uris = element.get('uri') ?? []
  const [uri] = uris
  if (uri === undefined || !uris.some(isSpiffe)) return undefined
  // X509-SVID section 2: exactly one URI.
  return uris.length === 1
    ? { ok: true, value: uri }
    : refused('identity.workload.malformed', `x-forwarded-client-cert names ${uris.length} URIs`)
}

function identityOf({ id, trustDomain }: SpiffeId, tenant: string, { known }: Workloads): PeerIdentity {
  const key = `${tenant}\n${id}`
  const found = known.get(key)
  if (found !== undefined) return found
  const issuer = `spiffe://${trustDomain}`
  const credential: Credential = Object.freeze({
    issuer,
    subject: id,
    kind: 'workload',
    tenant,
    session: { id: hash('sha256', JSON.stringify([issuer, id]), 'base64url'), isDerived: true },
    scopes: [],
    amr: [],
    claims: Object.freeze({}),
    confirmation: {},
  })
  const made = Object.freeze({ workload: Object.freeze({ id, trustDomain }), credential })
  known.set(key, made)
  return made
}
