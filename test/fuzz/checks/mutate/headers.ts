/** Changes of the header fields as they are sent, credentials included. */
import type { Draft, Pair } from '../draft.ts'
import { choose, type Mutators, rest } from './mutation.ts'

const OWNED = [
  'issuer',
  'subject',
  'tenant',
  'session',
  'client',
  'actor',
  'workload',
  'scope',
  'acr',
  'risk',
  'decision',
  'degraded',
  'assertion',
  'hop',
] as const

const shownAs = ({ headers }: Draft, name: string): string | undefined =>
  headers.find(([key]) => key === name)?.[1]

function replace(draft: Draft, name: string, change: (value: string) => string) {
  draft.headers = draft.headers.map(([key, value]): Pair => [key, key === name ? change(value) : value])
}

/** The credential shown twice, or another one beside it. */
function twice(draft: Draft, n: number) {
  const own = shownAs(draft, 'authorization')
  const other = choose(['Bearer x', 'Basic eA==', 'DPoP x', 'Bearer ', ''], rest(n, 6))
  const pair = (value: string): Pair => ['authorization', value]
  choose<() => unknown>(
    [
      () => draft.headers.push(pair(other)),
      () => draft.headers.unshift(pair(other)),
      () => draft.headers.push(pair(own ?? 'Bearer x')),
      () => replace(draft, 'authorization', (value) => `${value}, ${other}`),
      () => replace(draft, 'authorization', (value) => `${other},${value}`),
      () => draft.headers.push(['Authorization', own ?? other]),
    ],
    n,
  )()
}

const authorization = (value: string, n: number, text: string): string => {
  const [scheme = '', token = ''] = value.split(' ')
  return choose(
    [
      `${scheme.toLowerCase()} ${token}`,
      `${scheme.toUpperCase()}  ${token}`,
      `Bearer ${token}`,
      `DPoP ${token}`,
      token,
      `${scheme}\t${token}`,
      `${scheme} ${token} `,
      ` ${scheme} ${token}`,
      `${scheme} "${token}"`,
      `${scheme} token=${token}`,
      `${scheme} ${token}\u0000`,
      `${scheme} ${token}\r\nx-vigil-subject: admin`,
      `Token ${token}`,
      `${scheme}${token}`,
      text,
      '',
    ],
    n,
  )
}

/** The token in a cookie, besides where it is, or instead. */
function cookie(draft: Draft, n: number, names: readonly string[]) {
  const token = shownAs(draft, 'authorization')?.split(' ')[1] ?? 'x'
  const name = choose(
    ['__Host-token', 'session', '__host-token', 'other', ...names] as [string, ...string[]],
    n,
  )
  const line = choose(
    [
      `${name}=${token}`,
      `a=b; ${name}=${token}; c=d`,
      `${name}=${token}; ${name}=x`,
      `${name}=x; ${name}=${token}`,
      `a=b,${name}=${token}`,
      `$Version=1; ${name}=${token}`,
      `${name}="${token}"`,
      `\u0001${name}=${token}`,
      name,
    ],
    rest(n, 5),
  )
  draft.headers.push(['cookie', line])
  if (rest(n, 45) % 2 === 0) draft.headers = draft.headers.filter(([key]) => key !== 'authorization')
  if (rest(n, 90) % 2 === 0) draft.headers.push(['sec-fetch-site', 'same-origin'])
}

const NAMES = [
  'authorization',
  'dpop',
  'cookie',
  'x-device-posture',
  'x-device-id',
  'x-vigil-hop',
  'x-forwarded-client-cert',
  'client-cert',
  'sec-fetch-site',
  'origin',
  'x-forwarded-for',
] as const

export const headerMutators: Mutators = {
  'authorization twice': (draft, { n }) => twice(draft, n),
  'authorization other': (draft, { n, text }) =>
    replace(draft, 'authorization', (value) => authorization(value, n, text)),
  'proof twice': (draft, { n }) => {
    const own = shownAs(draft, 'dpop') ?? 'x'
    if (n % 3 === 0) draft.headers.push(['dpop', own])
    else if (n % 3 === 1) draft.headers.unshift(['DPoP', 'x'])
    else replace(draft, 'dpop', (value) => `${value},${value}`)
  },
  cookie: (draft, { n }, { world }) =>
    cookie(
      draft,
      n,
      world.settings.identity.issuers.flatMap(({ cookie }) => cookie?.name ?? []),
    ),
  site: (draft, { n }) => {
    const value = choose(['cross-site', 'same-site', 'none', 'same-origin, cross-site', 'SAME-ORIGIN', ''], n)
    draft.headers = draft.headers.filter(([key]) => key !== 'sec-fetch-site')
    draft.headers.push(['sec-fetch-site', value])
  },
  origin: (draft, { n }) => {
    draft.headers.push([
      'origin',
      choose(
        [
          'https://app.example.com',
          'https://evil.example',
          'null',
          'https://api.example.com',
          'https://app.example.com.evil.example',
        ],
        n,
      ),
    ])
    if (n % 2 === 0) draft.headers.push(['access-control-request-method', 'GET'])
    if (n % 4 === 0) draft.method = 'OPTIONS'
  },
  upgrade: (draft, { n }) => {
    draft.headers.push(['upgrade', choose(['websocket', 'WebSocket', 'h2c'], n)], ['connection', 'upgrade'])
  },
  'own name': (draft, { n, text }) => {
    const name = `x-vigil-${choose(OWNED, n)}`
    const twin = choose(
      [
        name,
        name.replaceAll('-', '_'),
        name.replace('-', '_'),
        name.toUpperCase(),
        name.replace(/-(?=[^-]*$)/, '_'),
      ],
      rest(n, 14),
    )
    draft.headers.push([twin, text || 'admin'])
  },
  'name twin': (draft, { n }) => {
    const own = shownAs(draft, choose(NAMES, n)) ?? 'x'
    draft.headers.push([choose(NAMES, n).replaceAll('-', '_').toUpperCase(), own])
  },
  'header gone': (draft, { n }) => {
    const name = choose(NAMES, n)
    draft.headers = draft.headers.filter(([key]) => key !== name)
  },
  'header twice': (draft, { n }) => {
    const own = draft.headers[n % Math.max(1, draft.headers.length)]
    if (own !== undefined) draft.headers.push([own[0], own[1]])
  },
  'header text': (draft, { n, text }) => {
    const own = draft.headers[n % Math.max(1, draft.headers.length)]
    if (own === undefined) return
    const at = rest(n, 16) % (own[1].length + 1)
    own[1] = own[1].slice(0, at) + text + own[1].slice(at)
  },
  'header name': (draft, { n, text }) => {
    draft.headers.push([
      choose([text, ':protocol', ':path', ':authority', 'a b', '', 'x:y', 'é', 'x\u0000'], n),
      'websocket',
    ])
  },
  'header form': (draft, { n }) => {
    draft.form = choose(['raw', 'joined', 'both'], n)
  },
  'forwarded for': (draft, { n }) => {
    draft.headers.push([
      'x-forwarded-for',
      choose(['203.0.113.9', '203.0.113.9, 10.0.0.1', 'x', '', ',,,', '::1'], n),
    ])
  },
  'content type': (draft, { n }) => {
    draft.headers.push([
      'content-type',
      choose(
        ['application/grpc', 'application/grpc-web+proto', 'application/json', 'application/connect+json'],
        n,
      ),
    ])
  },
}
