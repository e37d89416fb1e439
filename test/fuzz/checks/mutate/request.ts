/** Changes of what is asked, of whom, and through which Envoy. */

import { hops, THIEF_KEY } from '../base.ts'
import { CERTIFICATES } from '../certificates.ts'
import type { Draft } from '../draft.ts'
import { keyOf, sha256 } from '../keys.ts'
import type { Ledger } from '../ledger.ts'
import { EDGE_PRINCIPAL, issuerKeys, POSTURE_ISSUER, WORKLOAD } from '../world.ts'
import { jsonMutators } from './json.ts'
import { choose, type Mutators, ODD_VALUES, put, rest } from './mutation.ts'
import { pathMutators } from './path.ts'
import { shapeMutators } from './shape.ts'

const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'CONNECT',
  'TRACE',
  'get',
  'GET ',
  '',
  'M-SEARCH',
] as const

const HOSTS = [
  'api.example.com',
  'partner.example.com',
  'eu.partner.example.com',
  'www.example.com:8443',
  'evil.example',
  'API.EXAMPLE.COM',
  'api.example.com.',
  'api.example.com:443',
  'api.example.com:99999',
  'api.example.com,evil',
  'user@api.example.com',
  'xpartner.example.com',
  '[::1]',
  '[::1',
  '',
  ' ',
  'api.example.com/x',
  'vigil-probe.invalid',
  'a\u212a.com',
  '..',
] as const

function peer(draft: Draft, n: number) {
  const { source } = draft
  choose<() => void>(
    [
      () => {
        source.principal = WORKLOAD
      },
      () => {
        source.principal = EDGE_PRINCIPAL
      },
      () => {
        source.principal = 'spiffe://evil.example/ns/shop/sa/orders'
      },
      () => {
        source.principal = `${WORKLOAD}\u0000`
      },
      () => {
        source.principal = 'spiffe://mesh.example.com'
      },
      () => {
        source.principal = ''
      },
      () => {
        source.certificate = ''
      },
      () => {
        source.certificate = encodeURIComponent(choose(CERTIFICATES, rest(n, 11)).pem)
      },
      () => {
        source.certificate = choose(['x', '%', '-----BEGIN CERTIFICATE-----'], rest(n, 11))
      },
      () => {
        source.ip = choose(['', '10.0.0.1', '203.0.113.5', 'x', '::ffff:198.51.100.7'], rest(n, 11))
      },
      () => {
        source.principal = WORKLOAD
        source.certificate = encodeURIComponent(choose(CERTIFICATES, rest(n, 11)).pem)
      },
    ],
    n,
  )()
}

function xfcc(n: number): string {
  const { x5t, pem } = choose(CERTIFICATES, rest(n, 12))
  const hash = `Hash=${Buffer.from(x5t, 'base64url').toString('hex')}`
  return choose(
    [
      hash,
      `${hash},By=x`,
      `By=x,${hash}`,
      `${hash};${hash}`,
      `hash=${x5t}`,
      `Cert="${encodeURIComponent(pem)}"`,
      `URI=${WORKLOAD}`,
      `URI=${WORKLOAD};URI=spiffe://mesh.example.com/ns/shop/sa/admin`,
      `Subject="a,b;c";${hash}`,
      `Subject="a,${hash}`,
      'By=',
      `URI=spiffe://evil.example/x,URI=${WORKLOAD}`,
    ],
    n,
  )
}

/** An authentic hop, of this request or of one that differs in one thing, or none at all. */
function hop(draft: Draft, n: number, { hops: issued }: Ledger) {
  const { method, host, atMs, headers } = draft
  const shown = headers.find(([name]) => name === 'authorization')?.[1].split(' ')[1] ?? ''
  const binding = choose(['dpop', 'mtls', 'dpop+mtls', 'none'], rest(n, 9))
  const right = {
    tokenHash: sha256(shown),
    binding,
    method,
    authority: host.toLowerCase(),
    decisionId: `edge-${draft.streamId}`,
    atMs,
  }
  const claims = choose<Partial<typeof right>>(
    [
      {},
      { tokenHash: sha256('other') },
      { method: method === 'GET' ? 'POST' : 'GET' },
      { authority: 'other.example.com' },
      { atMs: atMs - 10_001 },
      { atMs: atMs - 9999 },
      { atMs: atMs + 1001 },
      {},
      {},
    ],
    n,
  )
  const made = { ...right, ...claims }
  const signed = hops.sign(made)
  const forged = `v1.${binding}.edge-x.${atMs}.${'A'.repeat(43)}`
  if (n % 9 < 7) issued.set(signed, made)
  draft.headers = headers.filter(([name]) => name !== 'x-vigil-hop')
  draft.headers.push([
    'x-vigil-hop',
    n % 9 === 7 ? forged : n % 9 === 8 ? `${signed.slice(0, -43)}${'B'.repeat(43)}` : signed,
  ])
}

/** The hop of a good edge, changed on its way. */
function hopChanged(draft: Draft, n: number) {
  draft.headers = draft.headers.map(([name, value]) => {
    if (name !== 'x-vigil-hop') return [name, value]
    const parts = value.split('.')
    const i = rest(n, 4) % parts.length
    const part = parts[i] ?? ''
    const changed = choose([`${part}x`, part.slice(1), part.replace(/\d/, '9'), part.replace(/.$/, 'B')], n)
    return [name, parts.with(i, changed).join('.')]
  })
}

function posture(draft: Draft, n: number) {
  const { posture } = draft
  if (posture === undefined) return
  const now = Math.floor(draft.atMs / 1000)
  const [name, value] = choose<[string, unknown]>(
    [
      ['typ', 'at+jwt'],
      ['sub', 'laptop-2'],
      ['sub', ''],
      ['aud', 'https://other.example.com'],
      ['iss', 'https://idp.example.com'],
      ['exp', now - 6],
      ['exp', now + 100_000],
      ['iat', undefined],
      ['iat', now + 60],
      ['posture', { disk: 'plain' }],
      ['posture', 'encrypted'],
      ['posture', undefined],
    ],
    n,
  )
  put(posture.claims, name, value)
}

export const requestMutators: Mutators = {
  method: (draft, { n }) => {
    draft.method = choose(METHODS, n)
  },
  ...pathMutators,
  host: (draft, { n }) => {
    draft.host = choose(HOSTS, n)
  },
  scheme: (draft, { n }) => {
    draft.scheme = choose(['', 'http', 'HTTPS', 'tcp', 'https '], n)
  },
  peer: (draft, { n }) => peer(draft, n),
  caller: (draft, { n }) => {
    draft.caller = choose<Draft['caller']>(
      [
        { state: 'unverified', sans: [] },
        { state: 'verified', sans: ['spiffe://evil.example/x'] },
        { state: 'local', sans: [] },
        { state: 'unverified', sans: ['spiffe://mesh.example.com/ns/edge/sa/envoy'] },
        { state: 'verified', sans: ['spiffe://mesh.example.com/ns/edge/sa/envoy'] },
      ],
      n,
    )
  },
  'entrypoint other': (draft, { n }, { world }) => {
    const { match } = choose(
      world.settings.entrypoints as [never, ...never[]],
      n,
    ) as (typeof world.settings.entrypoints)[0]
    draft.destination.port = match.port ?? choose([8443, 9443, 1], n)
    draft.destination.principal = match.destinationPrincipal ?? ''
    draft.extensions = { ...match.extension }
  },
  extension: (draft, { n }) => {
    Object.assign(
      draft.extensions,
      choose<Record<string, string>>([{ 'vigil.probe': 'allow' }, { route: 'special' }, { route: '' }], n),
    )
  },
  xfcc: (draft, { n }) => {
    draft.headers.push(['x-forwarded-client-cert', xfcc(n)])
  },
  'client cert': (draft, { n }) => {
    const { der } = choose(CERTIFICATES, rest(n, 4))
    const text = der.toString('base64')
    draft.headers.push(['client-cert', choose([`:${text}:`, text, `:${text}:, :${text}:`, '::'], n)])
  },
  'posture other': (draft, { n }) => posture(draft, n),
  // Another device's, or nobody's: a token that was taken along.
  'posture confirmation': ({ posture }, { n }) => {
    if (posture === undefined) return
    const cnf = choose<unknown>(
      [undefined, { jkt: THIEF_KEY.jkt }, { 'x5t#S256': choose(CERTIFICATES, 1).x5t }, {}, { jkt: 'x' }],
      n,
    )
    put(posture.claims, 'cnf', cnf)
    if (rest(n, 5) % 4 !== 0) posture.claims['sub'] = 'laptop-2'
  },
  'posture odd': ({ posture }, { n }) =>
    posture &&
    put(
      posture.claims,
      choose(['iss', 'sub', 'aud', 'iat', 'exp', 'cnf', 'posture'], n),
      choose(ODD_VALUES, rest(n, 7)),
    ),
  'posture key': ({ posture }, { n }) => {
    if (posture === undefined) return
    const key = choose(
      [
        THIEF_KEY,
        keyOf('ES256', 'stranger'),
        ...issuerKeys('https://idp.example.com'),
        ...issuerKeys(POSTURE_ISSUER),
      ],
      n,
    )
    posture.key = key
    posture.header['alg'] = key.alg
    if (n % 2 === 0) posture.header['kid'] = key.kid
  },
  ...shapeMutators('posture', (draft) => draft.posture),
  ...jsonMutators('posture', (draft) => draft.posture),
}

/** These want the headers as they will be sent. */
export const hopMutators: Mutators = {
  'hop changed': (draft, { n }) => hopChanged(draft, n),
  hop: (draft, { n }, { ledger }) => hop(draft, n, ledger),
}
