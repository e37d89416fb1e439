/** Changes of the DPoP proof: what a thief of the token would try. */
import { DEVICE_KEY, DEVICE_KEY_EC, DEVICE_KEY_RSA, nonces, THIEF_KEY } from '../base.ts'
import type { Draft } from '../draft.ts'
import { draftOf, type JwtDraft } from '../jwt.ts'
import { type Key, keyOf, sha256 } from '../keys.ts'
import { textOf } from '../text.ts'
import { jsonMutators } from './json.ts'
import { choose, type Mutators, ODD_VALUES, put, rest } from './mutation.ts'
import { shapeMutators } from './shape.ts'

const CLAIMS = ['jti', 'htm', 'htu', 'iat', 'ath', 'nonce'] as const

function target(draft: Draft, proof: JwtDraft, n: number, text: string) {
  const own = textOf(proof.claims['htu'])
  const { path } = draft
  const origin = own.slice(0, own.length - path.length)
  proof.claims['htu'] = choose<unknown>(
    [
      `${own}x`,
      own.slice(0, -1),
      `${own}/`,
      `${own}/..`,
      `${own}/../x`,
      `${own}?a=b`,
      `${own}#f`,
      `https://evil.example${path}`,
      `${origin}.evil.example${path}`,
      `${origin}@evil.example${path}`,
      `${origin.replace('://', '://evil.example@')}${path}`,
      `${origin.replace('https', 'http')}${path}`,
      `${origin.replace('https', 'HTTPS')}${path}`,
      `${origin.toUpperCase()}${path}`,
      `${origin}:443${path}`,
      `${origin}:8443${path}`,
      `https://www.example.com:8443${path}`,
      origin,
      path,
      `//${origin.slice(8)}${path}`,
      `${origin}/%2e${path}`,
      `${origin}/${path}`,
      `${origin}${path.replace(/[a-z]/, (c) => `%${c.charCodeAt(0).toString(16)}`)}`,
      `${origin}${path.toUpperCase()}`,
      `${origin}${path.replace(/\/[^/]*$/, '')}`,
      `${own} `,
      ` ${own}`,
      `${own}\u0000`,
      [own],
      `${origin}\\${path.slice(1)}`,
      `${origin}/${text}`,
    ],
    n,
  )
}

function issuedAt({ atMs }: Draft, { claims }: JwtDraft, n: number) {
  const now = Math.floor(atMs / 1000)
  const age = choose([60, 10, 300], rest(n, 9))
  claims['iat'] = choose<unknown>(
    [now - age, now - age - 1, now - age * 10, now + 5, now + 6, now + 3600, String(now), now + 0.5, null],
    n,
  )
}

function key(proof: JwtDraft, n: number) {
  const own = proof.key
  const other = choose([THIEF_KEY, keyOf('ES256', 'a thief'), DEVICE_KEY, DEVICE_KEY_EC], rest(n, 3))
  const way = n % 3
  // Signed by another key; with its own name, under the name of the right one, or the other way round.
  if (way !== 2) proof.key = other
  if (way !== 1) proof.header['jwk'] = { ...other.jwk }
  if (n % 2 === 0) proof.header['alg'] = (way === 2 ? own : other).alg
}

function jwk({ header, key }: JwtDraft, n: number) {
  const { jwk, secret } = key
  header['jwk'] = choose<unknown>(
    [
      { ...jwk, ...secret },
      { ...jwk, d: '' },
      { ...jwk, k: 'x' },
      { ...jwk, kty: 'oct', k: 'AAAA' },
      { ...jwk, x: undefined },
      { ...jwk, x: THIEF_KEY.jwk['x'] },
      { ...jwk, x: `${jwk['x']}=` },
      { ...jwk, crv: 'X25519' },
      { ...jwk, crv: 'P-384' },
      { ...jwk, kty: 'EC' },
      { ...jwk, use: 'enc' },
      { ...jwk, key_ops: ['sign'] },
      { ...jwk, alg: 'RS256' },
      { ...jwk, use: 'sig', kid: 'x' },
      { ...jwk, y: jwk['x'] },
      { kid: 'x' },
      {},
      [jwk],
      JSON.stringify(jwk),
      undefined,
      null,
    ],
    n,
  )
}

function header(proof: JwtDraft, n: number) {
  const [name, value] = choose<[string, unknown]>(
    [
      ['typ', 'JWT'],
      ['typ', 'dpop'],
      ['typ', 'DPOP+JWT'],
      ['typ', 'application/dpop+jwt'],
      ['typ', undefined],
      ['alg', 'none'],
      ['alg', 'HS256'],
      ['alg', 'RS256'],
      ['alg', proof.key.alg === 'Ed25519' ? 'EdDSA' : 'ES384'],
      ['alg', textOf(proof.header['alg']).toLowerCase()],
      ['alg', 'constructor'],
      ['crit', ['b64']],
      ['crit', []],
      ['b64', false],
      ['kid', 'x'],
    ],
    n,
  )
  put(proof.header, name, value)
}

function nonce(
  draft: Draft,
  proof: JwtDraft,
  n: number,
  issue: (key: Key, atMs: number) => string,
  text: string,
) {
  proof.claims['nonce'] = choose<() => unknown>(
    [
      () => issue(proof.key, draft.atMs - 1000),
      () => issue(proof.key, draft.atMs - 29_000),
      () => issue(proof.key, draft.atMs - 31_000),
      () => issue(proof.key, draft.atMs - 300_000),
      () => issue(proof.key, draft.atMs - 300_001),
      () => issue(proof.key, draft.atMs + 6000),
      () => issue(THIEF_KEY, draft.atMs - 1000),
      () => nonces.issue(proof.key.jkt, draft.atMs).replace(/.$/, (c) => (c === 'A' ? 'Q' : 'A')),
      () => 'A'.repeat(43),
      () => '',
      () => 5,
      () => text,
      () => undefined,
    ],
    n,
  )()
}

export const proofMutators: Mutators = {
  'proof gone': (draft) => {
    draft.proof = undefined
  },
  'proof added': (draft, { n }) => {
    const key = choose([DEVICE_KEY, THIEF_KEY], n)
    const claims = {
      jti: `added-${draft.streamId}`,
      htm: draft.method,
      htu: `https://api.example.com${draft.path}`,
      iat: Math.floor(draft.atMs / 1000),
    }
    draft.proof ??= draftOf(key, { typ: 'dpop+jwt', alg: key.alg, jwk: key.jwk }, claims)
    if (n % 4 < 2 && draft.carriage.kind === 'authorization') draft.carriage.scheme = 'DPoP'
  },
  'proof claim gone': ({ proof }, { n }) => {
    // Left out also where minting would put it in.
    if (proof !== undefined) proof.claims[choose(CLAIMS, n)] = undefined
  },
  'proof claim odd': ({ proof }, { n }) =>
    proof && put(proof.claims, choose(CLAIMS, n), choose(ODD_VALUES, rest(n, CLAIMS.length))),
  'proof method': ({ proof, method }, { n }) => {
    if (proof !== undefined)
      proof.claims['htm'] = choose(['POST', 'GET', method.toLowerCase(), `${method} `, '*', 'DELETE'], n)
  },
  'proof target': (draft, { n, text }) => draft.proof && target(draft, draft.proof, n, text),
  'proof time': (draft, { n }) => draft.proof && issuedAt(draft, draft.proof, n),
  'proof hash': ({ proof, token }, { n, text }) => {
    if (proof === undefined) return
    const claims = JSON.stringify(token?.claims ?? {})
    proof.claims['ath'] = choose<unknown>(
      [sha256('other'), sha256(claims), '', text, 'A'.repeat(43), null, undefined, sha256('')],
      n,
    )
  },
  'proof id': ({ proof }, { n }) => {
    if (proof !== undefined)
      proof.claims['jti'] = choose<unknown>(['', 'x'.repeat(257), 'x'.repeat(256), 7, ['x'], '\n', 'same'], n)
  },
  'proof nonce': (draft, { n, text }, { ledger }) => {
    const issue = (key: Key, atMs: number) => {
      const made = nonces.issue(key.jkt, atMs)
      ledger.nonces.set(made, { jkt: key.jkt, atMs })
      return made
    }
    if (draft.proof !== undefined) nonce(draft, draft.proof, n, issue, text)
  },
  // By the device to which the token is bound, in an algorithm that may or may not be used.
  'proof algorithm': ({ proof, token }, { n }) => {
    const cnf = token?.claims['cnf']
    if (proof === undefined || typeof cnf !== 'object' || cnf === null) return
    const key = choose([DEVICE_KEY_EC, DEVICE_KEY_RSA, DEVICE_KEY], n)
    proof.key = key
    proof.header['jwk'] = key.jwk
    proof.header['alg'] = key.alg === 'RS256' && n % 2 === 0 ? 'PS256' : key.alg
    if (token !== undefined) token.claims['cnf'] = { ...cnf, jkt: key.jkt }
  },
  'proof header': ({ proof }, { n }) => proof && header(proof, n),
  'proof header odd': ({ proof }, { n }) =>
    proof && put(proof.header, choose(['typ', 'alg', 'jwk', 'crit'], n), choose(ODD_VALUES, rest(n, 4))),
  'proof key': ({ proof }, { n }) => proof && key(proof, n),
  'proof jwk': ({ proof }, { n }) => proof && jwk(proof, n),
  ...shapeMutators('proof', ({ proof }) => proof),
  ...jsonMutators('proof', ({ proof }) => proof),
}
