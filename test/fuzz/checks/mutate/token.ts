/** Changes of the access token: what an attacker who can write one, or has another, would try. */
import { createHmac } from 'node:crypto'
import { DEVICE_KEY, THIEF_KEY } from '../base.ts'
import { CERTIFICATES } from '../certificates.ts'
import type { Draft } from '../draft.ts'
import type { JwtDraft } from '../jwt.ts'
import { base64url, keyOf } from '../keys.ts'
import { textOf } from '../text.ts'
import { encryptionKey, issuerKeys } from '../world.ts'
import { jsonMutators } from './json.ts'
import { choose, type Mutators, ODD_VALUES, put, rest } from './mutation.ts'
import { shapeMutators } from './shape.ts'

const CLAIMS = [
  'iss',
  'sub',
  'aud',
  'client_id',
  'azp',
  'iat',
  'exp',
  'nbf',
  'jti',
  'scope',
  'sid',
  'session_state',
  'acr',
  'amr',
  'auth_time',
  'act',
  'cnf',
  'org',
  'device',
  'accounts',
] as const

const HEADER = ['typ', 'alg', 'kid', 'crit', 'b64', 'jku', 'x5u', 'cty', 'zip'] as const

const SUBJECTS = [
  'admin',
  'alice ',
  'ALICE',
  'älice',
  'a\u0000',
  'a\r\nx-vigil-scope: admin',
  '\ud800',
  'a%20b',
  '../root',
  'x'.repeat(300),
] as const

function times(draft: Draft, token: JwtDraft, n: number) {
  const now = Math.floor(draft.atMs / 1000)
  const leeway = choose([0, 5, 30], rest(n, 12))
  const [name, value] = choose<[string, unknown]>(
    [
      ['exp', now - leeway],
      ['exp', now - leeway - 1],
      ['exp', now - leeway + 1],
      ['exp', now - leeway * 5 - 5],
      ['exp', now - 40],
      ['exp', now + 100_000],
      ['iat', now + leeway + 1],
      ['iat', now + leeway],
      ['iat', now - 100_000],
      ['nbf', now + leeway + 1],
      ['nbf', now + 1000],
      ['exp', String(now + 100)],
    ],
    n,
  )
  put(token.claims, name, value)
}

const CNF: readonly [(token: JwtDraft) => unknown, ...((token: JwtDraft) => unknown)[]] = [
  () => undefined,
  () => ({}),
  () => ({ jkt: THIEF_KEY.jkt }),
  () => ({ jkt: DEVICE_KEY.jkt }),
  ({ claims }) => ({ ...(claims['cnf'] as object), jkt: undefined }),
  ({ claims }) => ({ ...(claims['cnf'] as object), 'x5t#S256': undefined }),
  ({ claims }) => ({ ...(claims['cnf'] as object), 'x5t#S256': choose(CERTIFICATES, 1).x5t }),
  ({ claims }) => ({ ...(claims['cnf'] as object), jwk: DEVICE_KEY.jwk }),
  () => ({ jwk: DEVICE_KEY.jwk }),
  () => ({ kid: 'x' }),
  () => ({ jkt: '' }),
  () => ({ jkt: [DEVICE_KEY.jkt] }),
  () => [DEVICE_KEY.jkt],
  () => 'x',
]

function audience({ claims }: JwtDraft, n: number) {
  const own = claims['aud']
  const one = typeof own === 'string' ? own : 'x'
  claims['aud'] = choose<unknown>(
    [
      'https://other.example.com',
      ['https://other.example.com', own],
      ['https://other.example.com'],
      `${one}/`,
      one.slice(0, -1),
      `${one}x`,
      one.toUpperCase(),
      [],
      [[own]],
      { 0: own },
      `${one} https://other.example.com`,
      [own, 'urn:shop'],
      'https://api.example.com.evil.example',
      null,
    ],
    n,
  )
}

function scope({ claims }: JwtDraft, n: number, text: string) {
  const own = textOf(claims['scope'] ?? '')
  claims['scope'] = choose<unknown>(
    [
      own.split(' ').slice(1).join(' '),
      own.split(' ').toSpliced(1, 1).join(' '),
      '',
      own.toUpperCase(),
      own.replaceAll(' ', '\t'),
      own.replaceAll(' ', ','),
      own.replaceAll(' ', '  '),
      own.split(' '),
      `${own} admin secret`,
      own.replace(/\w$/, ''),
      `x${own}`,
      text,
      undefined,
    ],
    n,
  )
}

/** Another key than the issuer's, under the name of the issuer's or of its own. */
function otherKey(token: JwtDraft, n: number, issuers: readonly string[]) {
  const issuer = textOf(token.claims['iss'])
  const key = choose(
    [
      keyOf('Ed25519', 'stranger'),
      keyOf('ES256', 'stranger'),
      encryptionKey(issuer),
      THIEF_KEY,
      DEVICE_KEY,
      ...issuers.map((name) => issuerKeys(name)[0]),
      ...issuerKeys(issuer),
    ],
    n,
  )
  token.key = key
  const way = rest(n, 11)
  if (way % 4 === 1) token.header['kid'] = key.kid
  if (way % 4 === 2) put(token.header, 'kid', undefined)
  if (way % 4 === 3) token.header['jwk'] = { ...key.jwk }
  if (way % 3 !== 1) token.header['alg'] = key.alg
}

/** RS256 -> HS256: the public key, which everybody has, for a secret. */
function asHmac(token: JwtDraft, n: number) {
  const alg = choose(['HS256', 'hs256', 'Ed25519', 'ES256', 'RS256'], n)
  const { publicKey, jwk } = token.key
  const secret = choose(
    [
      publicKey.export({ format: 'pem', type: 'spki' }),
      publicKey.export({ format: 'der', type: 'spki' }),
      JSON.stringify(jwk),
      '',
      'secret',
    ],
    rest(n, 5),
  )
  token.header['alg'] = alg
  token.signature = (input) => createHmac('sha256', secret).update(input).digest('base64url')
}

function header({ header, key }: JwtDraft, n: number, text: string) {
  const [name, value] = choose<[string, unknown]>(
    [
      ['alg', 'none'],
      ['alg', 'None'],
      ['alg', undefined],
      ['alg', textOf(header['alg']).toLowerCase()],
      ['alg', [header['alg']]],
      ['alg', key.alg === 'Ed25519' ? 'EdDSA' : 'ES384'],
      ['alg', 'PS256'],
      ['alg', 'toString'],
      ['typ', 'JWT'],
      ['typ', 'at+jwt'],
      ['typ', 'AT+JWT'],
      ['typ', 'application/at+jwt'],
      ['typ', 'dpop+jwt'],
      ['typ', 'device-posture+jwt'],
      ['typ', undefined],
      ['kid', undefined],
      ['kid', 'unknown'],
      ['kid', '__proto__'],
      ['kid', '../../dev/null'],
      ['kid', [header['kid']]],
      ['kid', `${textOf(header['kid'])} `],
      ['kid', text],
      ['crit', ['exp']],
      ['crit', []],
      ['crit', null],
      ['b64', false],
      ['jku', 'https://evil.example/jwks'],
      ['jwk', THIEF_KEY.jwk],
      ['x5c', ['x']],
      ['enc', 'A256GCM'],
    ],
    n,
  )
  put(header, name, value)
}

export const tokenMutators: Mutators = {
  'token gone': (draft) => {
    draft.token = undefined
  },
  'claim gone': ({ token }, { n }) => token && put(token.claims, choose(CLAIMS, n), undefined),
  'claim odd': ({ token }, { n }) =>
    token && put(token.claims, choose(CLAIMS, n), choose(ODD_VALUES, rest(n, CLAIMS.length))),
  'claim added': ({ token }, { n, text }) =>
    token &&
    put(token.claims, choose(['nonce', 'at_hash', 'c_hash', 'events', text || 'x', 'toString'], n), 'x'),
  'header odd': ({ token }, { n }) =>
    token && put(token.header, choose(HEADER, n), choose(ODD_VALUES, rest(n, HEADER.length))),
  'header other': ({ token }, { n, text }) => token && header(token, n, text),
  'issuer other': ({ token }, { n }, { world }) => {
    if (token === undefined) return
    const own = textOf(token.claims['iss'])
    const others = world.settings.identity.issuers.map(({ issuer }) => issuer)
    token.claims['iss'] = choose(
      [`${own}/`, own.toUpperCase(), 'https://evil.example', own.slice(0, -1), ...others],
      n,
    )
  },
  'audience other': ({ token }, { n }) => token && audience(token, n),
  'times other': (draft, { n }) => draft.token && times(draft, draft.token, n),
  'subject other': ({ token }, { n, text }) => {
    if (token !== undefined)
      token.claims['sub'] = choose([...SUBJECTS, text || 'x'] as [string, ...string[]], n)
  },
  'scope other': ({ token }, { n, text }) => token && scope(token, n, text),
  'login kind': ({ token }, { n }) =>
    token &&
    put(token.claims, 'acr', choose<unknown>(['pwd', 'mfa', 'phr', 'MFA', ['mfa'], undefined, 'mfa phr'], n)),
  'login time': ({ token, atMs }, { n }) => {
    const now = Math.floor(atMs / 1000)
    const times = [now - 301, now - 300, now - 10, now + 61, now + 30, undefined, 0, now - 61] as const
    if (token !== undefined) put(token.claims, 'auth_time', choose<unknown>(times, n))
  },
  'confirmation other': ({ token }, { n }) => token && put(token.claims, 'cnf', choose(CNF, n)(token)),
  'client other': ({ token }, { n }) => {
    if (token === undefined) return
    const id = choose(['web-app', 'batch', 'bot', 'unknown', 'WEB-APP'], n)
    const name = choose(['client_id', 'azp'], rest(n, 5))
    put(token.claims, name, id)
    if (n % 3 === 0) put(token.claims, 'client_id', undefined)
  },
  // A client, or who acts for its user, that is listed for another audience.
  'client abroad': ({ token }, { n }, { world }) => {
    if (token === undefined) return
    const { claims } = token
    const issuer = world.settings.identity.issuers.find((each) => each.issuer === claims['iss'])
    const audiences = issuer?.audiences ?? ['x']
    const aud = audiences[n % audiences.length] ?? 'x'
    claims['aud'] = choose<unknown>([aud, [aud], [...audiences], [aud, 'https://other.example.com']], n)
    if (rest(n, 4) % 2 === 0) claims['client_id'] = 'bot'
    else claims['act'] = { sub: 'bot' }
  },
  'actor other': ({ token }, { n }) => {
    if (token === undefined) return
    const deep = (left: number): object => (left === 0 ? { sub: 'a' } : { sub: 'a', act: deep(left - 1) })
    const act = choose<unknown>(
      [
        { sub: 'bot' },
        { sub: 'unknown' },
        deep(4),
        deep(5),
        {},
        { sub: 'bot', iss: 'https://evil.example' },
        { sub: 'bot', act: 'x' },
      ],
      n,
    )
    token.claims['act'] = act
  },
  'key other': ({ token }, { n }, { world }) =>
    token &&
    otherKey(
      token,
      n,
      world.settings.identity.issuers.map(({ issuer }) => issuer),
    ),
  // Rightly signed by the issuer, in an algorithm that it may or may not use.
  'token algorithm': ({ token }, { n }) => {
    if (token === undefined) return
    const key = choose(issuerKeys(textOf(token.claims['iss'])), n)
    token.key = key
    token.header['alg'] = key.alg === 'RS256' && n % 2 === 0 ? 'PS256' : key.alg
    put(token.header, 'kid', n % 5 === 0 ? undefined : key.kid)
  },
  'key of encryption': ({ token }, { n }) => {
    if (token === undefined) return
    const key = encryptionKey(textOf(token.claims['iss']))
    token.key = key
    token.header['alg'] = key.alg
    put(token.header, 'kid', n % 4 === 0 ? undefined : key.kid)
  },
  'signature hmac': ({ token }, { n }) => token && asHmac(token, n),
  'token nested': ({ token }) => {
    token?.compact.push((compact) => {
      const [head = ''] = compact.split('.')
      return `${head}.${base64url(compact)}.${compact.split('.')[2]}`
    })
  },
  ...shapeMutators('token', ({ token }) => token),
  ...jsonMutators('token', ({ token }) => token),
}
