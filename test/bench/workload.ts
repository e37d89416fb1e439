import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
} from 'node:crypto'
import { athOf, type ProofSigner, signProof } from '../harness/proofs.ts'
import { AUDIENCE, ISSUER, type SigningKey, signCompact } from '../harness/tokens.ts'
import { checkBytes } from '../harness/wire.ts'

/** Requests of `users` users of one issuer. Plain data, so that it can be handed to another process. */
export interface Workload {
  readonly users: number
  readonly alg: 'ES256' | 'RS256' | 'Ed25519'
  /** JWK of the issuer's private key. */
  readonly issuerKey: Readonly<Record<string, unknown>>
  /** JWK of the key that DPoP proofs are made with: one for all users, as one client's tokens may be bound to one key. */
  readonly proofKey: Readonly<Record<string, unknown>>
}

export function makeWorkload(users: number, alg: Workload['alg'] = 'ES256'): Workload {
  return {
    users,
    alg,
    issuerKey: { ...newKey(alg).export({ format: 'jwk' }) },
    proofKey: { ...newKey('ES256').export({ format: 'jwk' }) },
  }
}

function newKey(alg: Workload['alg']): KeyObject {
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  if (alg === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  return generateKeyPairSync('ed25519').privateKey
}

/** The issuer's key set as it publishes it. */
export function jwksOf({ issuerKey, alg }: Workload): { keys: Record<string, unknown>[] } {
  const publicPart = createPublicKey({ key: issuerKey, format: 'jwk' }).export({ format: 'jwk' })
  return { keys: [{ ...publicPart, kid: 'bench', alg, use: 'sig' }] }
}

/** Makes the requests of a workload. Every CheckRequest has 28 headers and 1.8 KB, 2.4 KB with a proof. */
export interface Mint {
  /** The same token at every call. */
  bearer(user: number): Buffer
  /** A token that nobody has seen. */
  fresh(user: number): Buffer
  /** The same token at every call, each time with a proof of its own. */
  proven(user: number): Buffer
  /** A token that a key signed which nobody publishes. */
  forged(user: number): Buffer
  /** A good token, and the account of somebody else. */
  foreign(user: number): Buffer
}

/** @param headers of every request besides, in the place of others */
export function createMint(workload: Workload, headers: Readonly<Record<string, string>> = {}): Mint {
  const key: SigningKey = {
    kid: 'bench',
    alg: workload.alg,
    privateKey: keyOf(workload.issuerKey),
    jwk: {},
  }
  const signer = signerOf(workload.proofKey)
  const stranger = { ...key, privateKey: newKey(workload.alg) }
  const plain = new Map<number, string>()
  const bound = new Map<number, string>()
  const message = (user: number, credential: Readonly<Record<string, string>>) =>
    messageOf(user, { ...credential, ...headers })
  const once = (made: Map<number, string>, user: number, more: object) => {
    const token = made.get(user) ?? mintToken(user, key, more)
    made.set(user, token)
    return token
  }
  return {
    bearer: (user) => message(user, { authorization: `Bearer ${once(plain, user, {})}` }),
    fresh: (user) =>
      message(user, { authorization: `Bearer ${mintToken(user, key, { jti: randomUUID() })}` }),
    proven: (user) => {
      const token = once(bound, user, { cnf: { jkt: signer.jkt } })
      return message(user, { authorization: `DPoP ${token}`, dpop: mintProof(user, token, signer) })
    },
    forged: (user) => message(user, { authorization: `Bearer ${mintToken(user, stranger, {})}` }),
    foreign: (user) => message(user + 1, { authorization: `Bearer ${once(plain, user, {})}` }),
  }
}

const keyOf = (jwk: Workload['issuerKey']): KeyObject => createPrivateKey({ key: jwk, format: 'jwk' })

function signerOf(privateJwk: Workload['proofKey']): ProofSigner {
  const { d: _private, ...jwk } = privateJwk
  const { crv, kty, x, y } = jwk
  // RFC 7638 section 3.2: the required members in this order and nothing else.
  const jkt = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
  return { alg: 'ES256', jwk, privateJwk, privateKey: keyOf(privateJwk), jkt }
}

const nowSeconds = () => Math.floor(Date.now() / 1000)

function mintToken(user: number, key: SigningKey, more: object): string {
  const claims = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: `user-${user}`,
    client_id: 'web-app',
    jti: `token-${user}`,
    sid: `session-${user}`,
    scope: 'read write profile email',
    iat: nowSeconds(),
    exp: nowSeconds() + 3600,
    accounts: [`a-${user}`, `b-${user}`],
    acr: 'mfa',
    auth_time: nowSeconds() - 60,
    roles: ['customer', 'beta', 'newsletter'],
    ...more,
  }
  return signCompact({ typ: 'at+jwt', alg: key.alg, kid: key.kid }, claims, key)
}

function mintProof(user: number, token: string, signer: ProofSigner): string {
  const claims = {
    jti: randomUUID(),
    htm: 'GET',
    htu: `${AUDIENCE}${pathOf(user)}`,
    iat: nowSeconds(),
    ath: athOf(token),
  }
  return signProof(signer, { claims })
}

const pathOf = (user: number) => `/v1/accounts/a-${user}/items`

/** Ids of requests: without a new one per request Vigil would rightly take the second for Envoy's own retry. */
let requests = 0

function messageOf(user: number, more: Readonly<Record<string, string>>): Buffer {
  const count = 21 - Object.keys(more).length
  const filler = Array.from({ length: count }, (_, i) => [`x-header-${i}`, `value ${i} of a header`])
  return checkBytes({
    path: `${pathOf(user)}?page=2`,
    streamId: String(++requests),
    headers: {
      ...more,
      'x-device-id': `device-${user}`,
      'x-forwarded-for': '198.51.100.7',
      'user-agent':
        'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
      accept: 'application/json',
      'accept-encoding': 'gzip, deflate, br',
      'accept-language': 'en-GB,en;q=0.9',
      'x-request-id': '2f1c8a3e-5b3e-4a52-9a8e-0a4f1f3c9d10',
      ...Object.fromEntries(filler),
    },
  })
}
