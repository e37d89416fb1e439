import { hash, type KeyObject } from 'node:crypto'
import {
  type BindingPolicy,
  NONCE_LIFE_MS,
  type ProofInput,
  type ProofVerifier,
  type Refused,
  type Result,
  refused,
} from '../identity/contract.ts'
import { claimed, configured, seconds } from '../lib/claimed.ts'
import type { SingleUse } from '../model.ts'
import type { Nonces } from './nonce.ts'
import { PROOF_ALGORITHMS, ProofKeys, readProofKey } from './proof-key.ts'
import { describeTarget, matchTarget } from './proof-target.ts'
import { isSignedBy } from './signature-check.ts'
import { type ParsedJws, parseCompact } from './strict.ts'

/** DPOP-16: a longer `jti` is nobody's identifier. */
const MAX_JTI_LENGTH = 256
/** Replicas' clocks may differ this much: a use is remembered so much longer than it is accepted. */
const REPLAY_LEEWAY_MS = 5_000
const TYPES: readonly unknown[] = ['dpop+jwt', 'application/dpop+jwt']

interface ProofClaims {
  readonly jti: string
  readonly htm: string
  readonly htu: string
  readonly iat: number
  readonly ath: string
  readonly nonce?: string
}

/** Until when the proof is accepted, and since when it can have existed (epoch ms). */
type Freshness = Pick<SingleUse, 'issuedAtMs' | 'nonceAgeMs'> & { readonly acceptedUntilMs: number }

export interface ProofVerifierOptions {
  /** Keys kept imported, a few KB each. */
  readonly maxKeys?: number
}

/**
 * Verifies DPoP proofs (RFC 9449 section 4.3, checks 2 to 12), the cheap checks first; the signature comes last and
 * before anything may be stored. Whether the proof was used before is decided by who gets the SingleUse.
 */
export function createProofVerifier(nonces: Nonces, options: ProofVerifierOptions = {}): ProofVerifier {
  const keys = new ProofKeys(options.maxKeys ?? 10_000)
  return {
    nonce: (jkt, atMs) => nonces.issue(jkt, atMs),
    verify(input) {
      const parsed = parseCompact(input.proof)
      if (!parsed.ok) return refused('identity.dpop.malformed', parsed.detail)
      return verifyParsed(parsed.value, input, { keys, nonces })
    },
  }
}

interface Tools {
  readonly keys: ProofKeys
  readonly nonces: Nonces
}

function verifyParsed(
  jws: ParsedJws,
  input: ProofInput,
  { keys, nonces }: Tools,
): Result<SingleUse> | Promise<Result<SingleUse>> {
  const { credential, binding } = input.token
  const algorithm = readAlgorithm(jws.header, binding.dpop.algorithms)
  if (!algorithm.ok) return algorithm
  const key = readProofKey(jws.header['jwk'], algorithm.value)
  if (key === undefined) return refused('identity.dpop.key')
  if (key.thumbprint !== credential.confirmation.jkt) return refused('identity.dpop.key-binding') // DPOP-13
  const read = readClaims(jws.claims)
  if (!read.ok) return read
  const claims = read.value
  const target = readTarget(claims, input)
  if (!target.ok) return target
  if (claims.ath !== credential.tokenHash) return refused('identity.dpop.token-hash') // DPOP-12
  const nonceAgeMs =
    claims.nonce === undefined ? undefined : nonces.age(claims.nonce, key.thumbprint, input.check.atMs)
  const fresh = readFreshness(claims, nonceAgeMs, input.check.atMs, binding.dpop)
  if (!fresh.ok) return fresh
  const imported = keys.import(key)
  if (imported === undefined) return refused('identity.dpop.key')
  const { acceptedUntilMs, ...times } = fresh.value
  const use = (): SingleUse => ({
    kind: 'proof',
    // DPOP-16: without key and target in the name one client could burn another's `jti`.
    name: hash('sha256', `${key.thumbprint}\n${claims.htm}\n${target.value}\n${claims.jti}`, 'base64url'),
    ttlMs: Math.ceil(acceptedUntilMs - input.check.atMs) + REPLAY_LEEWAY_MS,
    mayRepeat: false,
    ...times,
  })
  return whenSigned(jws, imported, algorithm.value, use)
}

/** DPOP-06. */
function whenSigned(
  jws: ParsedJws,
  key: KeyObject,
  algorithm: string,
  use: () => SingleUse,
): Result<SingleUse> | Promise<Result<SingleUse>> {
  const signed = isSignedBy(jws, key, algorithm)
  const judge = (isGood: boolean): Result<SingleUse> =>
    isGood ? { ok: true, value: use() } : refused('identity.dpop.signature')
  return typeof signed === 'boolean' ? judge(signed) : signed.then(judge)
}

/** DPOP-08 and DPOP-09: the normalised URI for which this proof and this request were made. */
function readTarget({ htm, htu }: ProofClaims, { check, entrypoint }: ProofInput): Result<string> {
  if (htm !== check.method) {
    return refused(
      'identity.dpop.method',
      `htm claims ${claimed(htm)}; the request is ${claimed(check.method)}`,
    )
  }
  const target = matchTarget(htu, check, entrypoint)
  return target === undefined
    ? refused('identity.dpop.target', describeTarget(htu, check, entrypoint))
    : { ok: true, value: target }
}

/** DPOP-04 and DPOP-05. RFC 7515 section 4.1.9: a type without `/` stands for `application/` and the type. */
function readAlgorithm(
  header: Readonly<Record<string, unknown>>,
  allowed: readonly string[],
): Result<string> {
  const { typ, alg, crit } = header
  if (!TYPES.includes(typ)) return refused('identity.dpop.type', `typ claims ${claimed(typ)}`)
  if (crit !== undefined) return refused('identity.dpop.malformed', 'a critical header parameter')
  if (typeof alg !== 'string' || !Object.hasOwn(PROOF_ALGORITHMS, alg)) return refuseAlgorithm(alg, allowed)
  // RFC 9864 renames EdDSA on Ed25519 keys to Ed25519; who allows one allows the other.
  const isAllowed =
    allowed.includes(alg) ||
    (alg === 'EdDSA' && allowed.includes('Ed25519')) ||
    (alg === 'Ed25519' && allowed.includes('EdDSA'))
  return isAllowed ? { ok: true, value: alg } : refuseAlgorithm(alg, allowed)
}

const refuseAlgorithm = (alg: unknown, allowed: readonly string[]): Refused =>
  refused('identity.dpop.algorithm', `alg claims ${claimed(alg)}; dpop.algorithms are ${configured(allowed)}`)

/** DPOP-03: everything present and of its type. */
function readClaims(claims: Readonly<Record<string, unknown>>): Result<ProofClaims> {
  const { jti, htm, htu, iat, ath, nonce } = claims
  if (!isText(jti)) return refuseClaim('jti', jti)
  if (jti.length > MAX_JTI_LENGTH) {
    return refused('identity.dpop.claims', `jti is longer than ${MAX_JTI_LENGTH} characters`)
  }
  if (!isText(htm)) return refuseClaim('htm', htm)
  if (!isText(htu)) return refuseClaim('htu', htu)
  if (!isText(ath)) return refuseClaim('ath', ath)
  if (typeof iat !== 'number' || !Number.isFinite(iat)) return refuseClaim('iat', iat)
  if (nonce === undefined) return { ok: true, value: { jti, htm, htu, iat, ath } }
  if (typeof nonce !== 'string') return refuseClaim('nonce', nonce)
  return { ok: true, value: { jti, htm, htu, iat, ath, nonce } }
}

const refuseClaim = (name: string, value: unknown): Refused =>
  refused('identity.dpop.claims', `${name} is ${value === undefined ? 'missing' : 'of the wrong type'}`)

/**
 * DPOP-10 and DPOP-11. With a nonce its own time decides and the client's clock is not asked; a bad nonce is refused
 * even where none is required, so leaving the check to the client's choice gains nothing.
 */
function readFreshness(
  claims: ProofClaims,
  nonceAgeMs: number | undefined,
  atMs: number,
  policy: BindingPolicy['dpop'],
): Result<Freshness> {
  if (claims.nonce !== undefined) {
    if (nonceAgeMs === undefined) return refused('identity.dpop.nonce-invalid')
    const issuedAtMs = atMs - nonceAgeMs
    return { ok: true, value: { issuedAtMs, nonceAgeMs, acceptedUntilMs: issuedAtMs + NONCE_LIFE_MS } }
  }
  return policy.nonce === 'required'
    ? refused('identity.dpop.nonce-required')
    : readIssuedAt(claims, atMs, policy)
}

function readIssuedAt(
  claims: ProofClaims,
  atMs: number,
  policy: BindingPolicy['dpop'],
): Result<Freshness> | Refused {
  const issuedAtMs = Math.floor(claims.iat * 1000)
  const acceptedUntilMs = issuedAtMs + policy.maxAgeSeconds * 1000
  if (atMs > acceptedUntilMs) {
    const age = seconds((atMs - issuedAtMs) / 1000)
    return refused('identity.dpop.time', `iat was ${age} ago; dpop.maxAgeSeconds is ${policy.maxAgeSeconds}`)
  }
  if (issuedAtMs > atMs + policy.maxFutureSeconds * 1000) {
    const lead = seconds((issuedAtMs - atMs) / 1000)
    const detail = `iat is ${lead} ahead; dpop.maxFutureSeconds is ${policy.maxFutureSeconds}`
    return refused('identity.dpop.time', detail)
  }
  return { ok: true, value: { issuedAtMs, acceptedUntilMs } }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
