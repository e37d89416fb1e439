/** Changes of a workload's token; every change of other tokens is tried on it as well. */
import { svidKeys, x509Key } from '../svid.ts'
import { API, issuerKeys, TRUST_DOMAIN, WORKLOAD } from '../world.ts'
import { choose, type Mutators, put, rest } from './mutation.ts'

const SUBJECTS = [
  'spiffe://other.example.com/ns/shop/sa/orders',
  `spiffe://${TRUST_DOMAIN}`,
  `spiffe://${TRUST_DOMAIN}/`,
  `spiffe://${TRUST_DOMAIN}.evil.example/ns/shop/sa/orders`,
  `spiffe://evil@${TRUST_DOMAIN}/ns/shop/sa/orders`,
  `SPIFFE://${TRUST_DOMAIN}/ns/shop/sa/orders`,
  `${WORKLOAD}/../admin`,
  `${WORKLOAD}?admin`,
  `spiffe://${TRUST_DOMAIN}:443/ns/shop/sa/orders`,
  'alice',
] as const

const CLAIMS: readonly [readonly [string, unknown], ...(readonly [string, unknown])[]] = [
  ['aud', 'https://other.example.com'],
  ['aud', []],
  ['aud', undefined],
  ['exp', undefined],
  ['scope', 'admin orders.read'],
  ['act', { sub: 'bot' }],
  ['accounts', ['a1']],
  ['iss', 'https://idp.example.com'],
  ['iss', 'https://nobody.example'],
]

const isSvid = (sub: unknown): boolean => typeof sub === 'string' && sub.startsWith('spiffe://')

export const svidMutators: Mutators = {
  /** Another workload, of this trust domain, of none or of one that has no bundle. */
  'svid subject': ({ token }, { n }) => {
    if (token !== undefined && isSvid(token.claims['sub'])) token.claims['sub'] = choose(SUBJECTS, n)
  },
  'svid claim': ({ token }, { n }) => {
    if (token !== undefined && isSvid(token.claims['sub'])) put(token.claims, ...choose(CLAIMS, n))
  },
  'svid header': ({ token }, { n }) => {
    if (token === undefined || !isSvid(token.claims['sub'])) return
    const [name, value] = choose<readonly [string, unknown]>(
      [
        ['typ', 'at+jwt'],
        ['typ', 'JOSE'],
        ['jku', API],
        ['crit', ['exp']],
      ],
      n,
    )
    token.header[name] = value
  },
  /** The key that the bundle has for certificates, or an issuer's, under its own name or that of another. */
  'svid key': ({ token }, { n }) => {
    if (token === undefined || !isSvid(token.claims['sub'])) return
    const key = choose([x509Key(), issuerKeys('https://idp.example.com')[0], ...issuerKeys(API)], n)
    token.key = key
    token.header['alg'] = key.alg
    put(token.header, 'kid', choose([key.kid, svidKeys()[0].kid, undefined], rest(n, 5)))
  },
  /** A user's token in the name of a workload. */
  'svid pretended': ({ token }, { n }) => {
    if (token === undefined) return
    token.claims['sub'] = n % 2 === 0 ? WORKLOAD : `spiffe://${TRUST_DOMAIN}/admin`
    if (rest(n, 2) % 2 === 0) delete token.claims['iss']
  },
}
