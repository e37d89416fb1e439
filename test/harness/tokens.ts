/**
 * Makes access tokens for tests with node:crypto alone, so that the signer shares no code with the verifier.
 * Keys are made once per test file, when first asked for.
 */
import { Buffer } from 'node:buffer'
import { generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto'
import type { Clock } from '../../src/clock.ts'
import { type IdentitySettings, identitySettings } from '../../src/config/schema/identity.ts'
import type { Entrypoint } from '../../src/model.ts'
import { entrypointOf as plainEntrypoint } from '../support/check-of.ts'

/** 2026-11-22T09:00:00Z: when every minted token was issued. */
export const NOW_MS = Date.UTC(2026, 10, 22, 9)
export const NOW = NOW_MS / 1000
export const ISSUER = 'https://idp.example.com'
export const AUDIENCE = 'https://api.example.com'

export type TestAlgorithm = 'ES256' | 'ES384' | 'ES512' | 'Ed25519' | 'EdDSA' | 'RS256' | 'PS256'

export interface SigningKey {
  readonly kid: string
  readonly alg: TestAlgorithm
  readonly privateKey: KeyObject
  /** The public JWK as an issuer publishes it: `kty`, key members, `kid`, `alg`, `use`. */
  readonly jwk: Readonly<Record<string, unknown>>
}

/** Claims or header members; `undefined` leaves the member out. */
export type Members = Readonly<Record<string, unknown>>

export interface TokenOverrides {
  readonly header?: Members
  readonly claims?: Members
  readonly key?: SigningKey
}

function generate(alg: TestAlgorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  switch (alg) {
    case 'RS256':
    case 'PS256':
      return generateKeyPairSync('rsa', { modulusLength: 2048 })
    case 'Ed25519':
    case 'EdDSA':
      return generateKeyPairSync('ed25519')
    default:
      return generateKeyPairSync('ec', {
        namedCurve: { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }[alg],
      })
  }
}

/** A new key pair; `members` are added to the published JWK (`undefined` removes one). */
export function makeKey(alg: TestAlgorithm, kid: string, members: Members = {}): SigningKey {
  const { privateKey, publicKey } = generate(alg)
  const jwk = JSON.parse(
    JSON.stringify({ ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig', ...members }),
  )
  return { kid, alg, privateKey, jwk }
}

const made = new Map<string, SigningKey>()

function once(alg: TestAlgorithm, kid: string): SigningKey {
  const key = made.get(kid) ?? makeKey(alg, kid)
  made.set(kid, key)
  return key
}

/** The issuer's keys, and one that no issuer publishes. */
export const keys = {
  get es256() {
    return once('ES256', 'es256')
  },
  get rs256() {
    return once('RS256', 'rs256')
  },
  get ed25519() {
    return once('Ed25519', 'ed25519')
  },
  get stranger() {
    return once('ES256', 'stranger')
  },
}

export const encode = (data: string | Uint8Array): string => Buffer.from(data).toString('base64url')

/** Signature over `input` in JWS form (RFC 7518 section 3.4: r and s side by side). */
export function signInput(input: string, key: SigningKey, alg: TestAlgorithm = key.alg): string {
  const data = Buffer.from(input)
  const digest = alg.endsWith('384') ? 'sha384' : alg.endsWith('512') ? 'sha512' : 'sha256'
  if (alg === 'Ed25519' || alg === 'EdDSA') return encode(sign(null, data, key.privateKey))
  const padding = alg === 'PS256' ? { padding: 6, saltLength: 32 } : {}
  return encode(sign(digest, data, { key: key.privateKey, dsaEncoding: 'ieee-p1363', ...padding }))
}

/** A signed compact JWS; texts are taken as they stand, so that they may be no proper JSON. */
export function signCompact(header: Members | string, claims: Members | string, key: SigningKey): string {
  const text = (part: Members | string) => (typeof part === 'string' ? part : JSON.stringify(part))
  const input = `${encode(text(header))}.${encode(text(claims))}`
  return `${input}.${signInput(input, key)}`
}

/** The header of a minted token. */
export const tokenHeader = (key: SigningKey = keys.es256): Record<string, unknown> => ({
  typ: 'at+jwt',
  alg: key.alg,
  kid: key.kid,
})

/** The claims of a minted token: a user's, valid for five minutes from NOW. */
export const tokenClaims = (): Record<string, unknown> => ({
  iss: ISSUER,
  sub: 'alice',
  aud: AUDIENCE,
  client_id: 'web-app',
  exp: NOW + 300,
  iat: NOW,
  jti: 'token-1',
  scope: 'orders.read orders.write',
  sid: 'session-1',
})

/** A valid RFC 9068 access token but for the overrides. */
export function mintAccessToken({ header, claims, key = keys.es256 }: TokenOverrides = {}): string {
  return signCompact({ ...tokenHeader(key), ...header }, { ...tokenClaims(), ...claims }, key)
}

/** base64url SHA-256: `ath`, `tokenHash`. */
export const sha256 = (text: string): string => hash('sha256', text, 'base64url')

/** `identity` of a configuration with one issuer whose keys stand inline; `issuer` overrides its settings. */
export function identityOf(issuer: Members = {}, cache: Members = {}): IdentitySettings {
  return identitySettings.parse({ issuers: [issuerOf(issuer)], cache })
}

/** Settings of one issuer before parsing, for configurations with several. */
export const issuerOf = (overrides: Members = {}): Record<string, unknown> => ({
  issuer: ISSUER,
  audiences: [AUDIENCE],
  algorithms: ['ES256', 'RS256', 'Ed25519'],
  jwks: { inline: { keys: [keys.es256.jwk, keys.rs256.jwk, keys.ed25519.jwk] } },
  ...overrides,
})

/** An edge as plain as possible. */
export const entrypointOf = (overrides: Partial<Entrypoint> = {}): Entrypoint =>
  plainEntrypoint({ externalOrigins: [AUDIENCE], ...overrides })

/** A clock that only the test moves. */
export function manualClock(startMs = NOW_MS): Clock & { advance(seconds: number): void } {
  let elapsedMs = 0
  return {
    nowMs: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    advance: (seconds) => {
      elapsedMs += seconds * 1000
    },
  }
}
