import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { checkBytes } from '../harness/wire.ts'

const ISSUER = 'https://idp.example.com'
const AUDIENCE = 'https://api.example.com'

/** One issuer, four signals, ten rules of which the last two are looked at for the action, one hard limit. */
export function benchSettings(jwks: { keys: unknown[] }, records: string): unknown {
  return {
    identity: {
      issuers: [
        {
          issuer: ISSUER,
          audiences: [AUDIENCE],
          jwks: { inline: jwks },
          algorithms: ['ES256', 'Ed25519'],
          claims: ['accounts'],
        },
      ],
    },
    entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
    actions: [
      {
        name: 'read',
        match: { methods: ['GET'], paths: ['/v1/accounts/{account}/items'] },
        sensitivity: 'low',
        scopes: ['read'],
      },
      {
        name: 'pay',
        match: { methods: ['POST'], paths: ['/v1/accounts/{account}/transfers'] },
        sensitivity: 'high',
        scopes: ['write'],
      },
    ],
    risk: { limits: [{ name: 'per-subject', per: 'subject', requests: 100_000_000, windowSeconds: 60 }] },
    policy: [
      ...Array.from({ length: 8 }, (_, i) => ({
        name: `rule-${i}`,
        when: `request.method == "DELETE" && subject.tenant == "t${i}" && assessment.score > 0.5`,
        effect: 'deny',
      })),
      {
        name: 'own-accounts',
        when: 'action.name == "read" && !(action.params.account in subject.claims.accounts)',
        effect: 'deny',
      },
      { name: 'risky', when: 'assessment.level == "critical"', effect: 'deny' },
    ],
    audit: { sinks: [{ kind: 'file', path: records }] },
  }
}

export interface Workload {
  readonly jwks: string
  readonly messages: readonly Buffer[]
}

/** `count` users with a token each, one CheckRequest of about 1.5 KB and 28 headers per user. */
export function makeWorkload(count: number, alg: 'ES256' | 'Ed25519' = 'ES256'): Workload {
  const { publicKey, privateKey } =
    alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg, use: 'sig' }
  const messages = Array.from({ length: count }, (_, i) => message(i, mint(i, privateKey, alg)))
  return { jwks: JSON.stringify({ keys: [jwk] }), messages }
}

function mint(user: number, key: KeyObject, alg: string): string {
  const now = Math.floor(Date.now() / 1000)
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: `user-${user}`,
    client_id: 'web-app',
    jti: `token-${user}`,
    sid: `session-${user}`,
    scope: 'read write profile email',
    iat: now,
    exp: now + 3600,
    accounts: [`a-${user}`, `b-${user}`],
    acr: 'mfa',
    auth_time: now - 60,
    roles: ['customer', 'beta', 'newsletter'],
  }
  const input = `${part({ typ: 'at+jwt', alg, kid: 'bench' })}.${part(claims)}`
  const signature = sign(alg === 'ES256' ? 'sha256' : null, Buffer.from(input), {
    key,
    dsaEncoding: 'ieee-p1363',
  })
  return `${input}.${signature.toString('base64url')}`
}

function message(user: number, token: string): Buffer {
  const filler = Array.from({ length: 20 }, (_, i) => [`x-header-${i}`, `value ${i} of a header`])
  return checkBytes({
    path: `/v1/accounts/a-${user}/items?page=2`,
    streamId: String(user + 1),
    headers: {
      authorization: `Bearer ${token}`,
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
