/** Whether a DPoP proof is good for this request: RFC 9449 section 4.3, check by check. */
import { thumbprint } from '../keys.ts'
import type { Ledger } from '../ledger.ts'
import type { EntrypointSettings } from '../settings.ts'
import { algorithmOf, isFitting, isSignedBy, type Jwk, type Jws, readJws } from './jws.ts'
import type { Seen } from './seen.ts'
import type { GoodToken } from './token.ts'

export interface GoodProof {
  /** The same for every proof that is this one. */
  readonly name: string
  /** Age of the server's nonce in it; absent: it has none. */
  readonly nonceAgeMs: number | undefined
}

const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** @returns why it is not good, in a word */
export function judgeProof(
  proof: string | undefined,
  token: GoodToken,
  seen: Seen,
  entrypoint: Pick<EntrypointSettings, 'externalOrigins'>,
  ledger: Ledger,
  atMs: number,
): GoodProof | string {
  const jws = proof === undefined || proof.length > 16_384 ? undefined : readJws(proof)
  if (jws === undefined) return 'proof form'
  const { jti, htm, htu, ath, nonce, iat } = jws.claims
  const age = nonceAge(nonce, token, ledger, atMs)
  const checks: readonly (readonly [why: string, isGood: boolean])[] = [
    ['proof jti', typeof jti === 'string' && jti !== '' && jti.length <= 256],
    ['proof htm', htm === seen.method],
    ['proof htu', typeof htu === 'string' && isTarget(htu, seen, entrypoint.externalOrigins)],
    ['proof ath', ath === token.tokenHash],
    ['proof nonce', nonce === undefined || age !== undefined],
    ['proof nonce missing', nonce !== undefined || token.issuer.dpop.nonce === 'off'],
    ['proof time', isNumber(iat) && (nonce !== undefined || isFresh(iat, token, atMs))],
  ]
  const why = checks.find(([, isGood]) => !isGood)?.[0] ?? flawOfKey(jws, token)
  return why ?? { name: JSON.stringify(['proof', token.jkt, jti, htm, seen.path]), nonceAgeMs: age }
}

/** Signed, in an algorithm that may be used, by the key to which the token is bound. */
function flawOfKey(jws: Jws, { issuer, jkt }: GoodToken): string | undefined {
  const { typ, alg, jwk } = jws.header
  const algorithm = algorithmOf(alg) ?? ''
  if (jws.header['crit'] !== undefined) return 'proof crit'
  if (typeof typ !== 'string' || !/^(application\/)?dpop\+jwt$/.test(typ)) return 'proof type'
  if (!issuer.dpop.algorithms.map(algorithmOf).includes(algorithm)) return 'proof algorithm'
  if (!isKey(jwk) || !isFitting(jwk, algorithm)) return 'proof key'
  if (PRIVATE.some((member) => member in jwk)) return 'proof private key'
  if (thumbprint(jwk) !== jkt) return 'proof binding'
  return isSignedBy(jwk, algorithm, jws) ? undefined : 'proof signature'
}

const isKey = (jwk: unknown): jwk is Jwk => typeof jwk === 'object' && jwk !== null

const isNumber = (iat: unknown): iat is number => typeof iat === 'number' && Number.isFinite(iat)

function isFresh(iat: number, { issuer }: GoodToken, atMs: number): boolean {
  const { maxAgeSeconds, maxFutureSeconds } = issuer.dpop
  // A proof tells whole seconds, and a thousandth more or less is rounding.
  const age = atMs / 1000 - iat
  return age <= maxAgeSeconds + 0.001 && age >= -maxFutureSeconds - 0.001
}

function nonceAge(nonce: unknown, { jkt }: GoodToken, { nonces }: Ledger, atMs: number): number | undefined {
  const issued = typeof nonce === 'string' ? nonces.get(nonce) : undefined
  if (issued === undefined || issued.jkt !== jkt) return undefined
  const age = atMs - issued.atMs
  return age <= 300_000 && age >= -5000 ? age : undefined
}

const UNRESERVED = /^[A-Za-z0-9\-._~]$/

/** RFC 3986 section 6.2.2, by the URL of the platform and what it leaves undone. */
function pathOf(url: URL): string {
  return url.pathname.replace(/%[0-9A-Fa-f]{2}/g, (escaped) => {
    const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
    return UNRESERVED.test(character) ? character : escaped.toUpperCase()
  })
}

function isTarget(htu: string, seen: Seen, origins: readonly string[]): boolean {
  if (!/^https?:\/\/[^\s\\@]+$/i.test(htu.replace(/[?#].*$/s, ''))) return false
  const [url, asked] = [URL.parse(htu), URL.parse(`https://x${seen.path}`)]
  if (url === null || asked === null || url.username !== '' || url.password !== '') return false
  const external = origins.flatMap((text) => URL.parse(text)?.origin ?? [])
  if (!external.includes(url.origin)) return false
  const isNamed = (origin: string) =>
    URL.parse(`${origin.split(':')[0]}://${seen.authority}`)?.origin === origin
  // The Host names one of our origins: then the proof must be for that one.
  if (external.some(isNamed) && !isNamed(url.origin)) return false
  return pathOf(url) === pathOf(asked)
}
