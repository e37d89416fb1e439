/** Who asks, and has he proved it: the first half of the question whether a request may pass. */
import type { Ledger } from '../ledger.ts'
import type { Caller, EntrypointSettings, World } from '../settings.ts'
import { TRUST_DOMAIN } from '../world.ts'
import { readShown, type Shown } from './credential.ts'
import { entrypointOf, isBelieved, isForwarder, thumbprints, workloadOf } from './peer.ts'
import { isAttestedBy, type PostureView } from './posture.ts'
import { type GoodProof, judgeProof } from './proof.ts'
import type { Seen } from './seen.ts'
import { type GoodToken, judgeToken } from './token.ts'

/** What may be used once, and how. */
export interface Use {
  readonly name: string
  readonly kind: 'proof' | 'hop'
  readonly ageMs: number | undefined
  /** A second use may be a router's retry. */
  readonly mayRepeat: boolean
}

export interface Who {
  readonly issuer: string
  readonly subject: string
  readonly tenant: string
  readonly kind: 'user' | 'machine' | 'agent' | 'workload'
  readonly token: GoodToken | undefined
  readonly workload: string | undefined
  readonly scopes: readonly string[]
  readonly methods: readonly ('dpop' | 'mtls')[]
  readonly isProved: boolean
  readonly use: Use | undefined
  readonly posture: PostureView
}

export type Identity =
  | { readonly state: 'refused'; readonly why: string }
  | { readonly state: 'anonymous' }
  | { readonly state: 'known'; readonly who: Who }

export interface Asking {
  readonly seen: Seen
  readonly caller: Caller
  readonly atMs: number
  readonly world: World
  readonly ledger: Ledger
}

const refused = (why: string): Identity => ({ state: 'refused', why })
const NO_POSTURE: PostureView = { isAttested: false, disk: undefined }

export function identityOf(asking: Asking): Identity {
  const { seen, caller, world, atMs } = asking
  const entrypoint = entrypointOf(seen, caller, world)
  const shown = readShown(seen, world.settings)
  if (typeof shown === 'string') return refused(shown)
  const workload = workloadOf(seen, entrypoint, caller, world)
  if (shown === undefined) return peerIdentity(seen, entrypoint, workload, world)
  const token = judgeToken(shown.token, world.settings, atMs)
  if (typeof token === 'string') return refused(token)
  const misfit = misfitOf(shown, token)
  if (misfit !== undefined) return refused(misfit)
  const bound = bindingOf(token, entrypoint, asking)
  if (typeof bound === 'string') return refused(bound)
  const who: Who = {
    issuer: token.issuer.issuer,
    subject: token.subject,
    tenant: token.tenant || (entrypoint?.tenant ?? ''),
    kind: token.kind,
    token,
    workload,
    scopes: token.scopes,
    ...bound,
    isProved: bound.methods.length > 0,
    posture: NO_POSTURE,
  }
  return { state: 'known', who: { ...who, posture: isAttestedBy(who, asking) } }
}

function peerIdentity(
  seen: Seen,
  entrypoint: EntrypointSettings | undefined,
  workload: string | undefined,
  world: World,
): Identity {
  if (workload === undefined || entrypoint === undefined || isForwarder(seen, workload, entrypoint)) {
    return { state: 'anonymous' }
  }
  const [domain] = world.settings.identity.workloads.trustDomains
  const who: Who = {
    issuer: `spiffe://${TRUST_DOMAIN}`,
    subject: workload,
    tenant: domain?.tenant ?? entrypoint.tenant ?? '',
    kind: 'workload',
    token: undefined,
    workload,
    scopes: [],
    methods: ['mtls'],
    isProved: true,
    use: undefined,
    posture: NO_POSTURE,
  }
  return { state: 'known', who }
}

/** A token is shown in the way it was issued for. */
function misfitOf({ scheme, cookieOf }: Shown, { issuer, jkt, x5t }: GoodToken): string | undefined {
  if (cookieOf !== undefined && !cookieOf.includes(issuer.issuer)) return 'cookie of another'
  if (scheme === 'bearer' && jkt !== undefined) return 'bound as bearer'
  if (scheme === 'dpop' && jkt === undefined) return 'unbound as dpop'
  return issuer.binding === 'required' && jkt === undefined && x5t === undefined ? 'unbound' : undefined
}

type Bound = Pick<Who, 'methods' | 'use'>

/** Everything that the token is bound to is proved, by an edge's hop or here. */
function bindingOf(
  token: GoodToken,
  entrypoint: EntrypointSettings | undefined,
  asking: Asking,
): Bound | string {
  const carried = entrypoint?.role === 'inside' ? hopOf(token, entrypoint, asking) : undefined
  if (carried !== undefined) return carried
  const { seen, caller, world, ledger, atMs } = asking
  const isCertified =
    token.x5t !== undefined && isBelieved(caller, world) && thumbprints(seen, entrypoint).includes(token.x5t)
  if (token.x5t !== undefined && !isCertified) return 'certificate'
  const mtls = isCertified ? (['mtls'] as const) : []
  if (token.jkt === undefined) return { methods: mtls, use: undefined }
  const origins = entrypoint ?? { externalOrigins: [] }
  const proof = judgeProof(seen.headers.get('dpop')?.[0], token, seen, origins, ledger, atMs)
  if (typeof proof === 'string') return proof
  return { methods: ['dpop', ...mtls], use: useOf(proof) }
}

const useOf = ({ name, nonceAgeMs }: GoodProof): Use => ({
  name,
  kind: 'proof',
  ageMs: nonceAgeMs,
  mayRepeat: false,
})

function hopOf(
  token: GoodToken,
  entrypoint: EntrypointSettings,
  { seen, caller, world, ledger, atMs }: Asking,
): Bound | undefined {
  const lines = seen.headers.get('x-vigil-hop') ?? []
  const [hop = ''] = lines
  const issued = lines.length === 1 ? ledger.hops.get(hop) : undefined
  if (issued === undefined) return undefined
  const isOurs =
    issued.tokenHash === token.tokenHash &&
    issued.method === seen.method &&
    issued.authority === seen.authority
  const ageMs = atMs - issued.atMs
  if (!isOurs || ageMs > 10_000 || ageMs < -1000) return undefined
  const methods = issued.binding.split('+').filter((each) => each === 'dpop' || each === 'mtls')
  if (token.jkt !== undefined && !methods.includes('dpop')) return undefined
  if (token.x5t !== undefined && !methods.includes('mtls')) return undefined
  const isFromEdge =
    entrypoint.peerVerified && isBelieved(caller, world) && entrypoint.edges.includes(seen.source.principal)
  return {
    methods,
    use: { name: `hop ${entrypoint.name} ${hop}`, kind: 'hop', ageMs, mayRepeat: isFromEdge },
  }
}
