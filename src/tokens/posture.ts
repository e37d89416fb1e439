import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { PostureIssuerSettings, PostureSettings } from '../config/schema/posture.ts'
import type { PostureToken, PostureVerifier } from '../context/contract.ts'
import type { Compiled, SettingsProblem } from '../errors.ts'
import { type Result, refused } from '../identity/contract.ts'
import { claimed, configured } from '../lib/claimed.ts'
import { audienceRefusal, timeRefusal, wrong } from './claims.ts'
import { readConfirmation } from './credential.ts'
import { readHeader } from './header.ts'
import { compileKeys, type Issuer, ringName } from './issuer.ts'
import { isPlainObject } from './json.ts'
import type { VerificationKey } from './jwk.ts'
import type { IssuerKeyState, KeyRing } from './key-ring.ts'
import type { KeySourceDeps } from './key-source.ts'
import { verifySignature } from './signature.ts'
import { COMPACT_LIMITS, parseCompact, sizeOf } from './strict.ts'

/** Verifies posture tokens, and keeps the keys of those who issue them. */
export interface PostureTokens extends PostureVerifier {
  /** Loads the keys once. Never rejects: without keys a posture is missing, which nobody is refused for. */
  start(): Promise<void>
  /** Per issuer, for operators; starts a due load beside. */
  state(): readonly IssuerKeyState[]
  /** For the verifier that follows. */
  readonly rings: ReadonlyMap<string, KeyRing>
}

interface PostureIssuer extends Pick<Issuer, 'algorithms' | 'ring' | 'audiences'> {
  readonly settings: PostureIssuerSettings & { readonly tokenType: string }
}

interface Entry {
  readonly token: PostureToken
  readonly expiresAtMs: number
  readonly ring: KeyRing
  readonly key: VerificationKey
}

const TOKEN_TYPE = 'device-posture+jwt'
/** A device sends the same token with each of its requests. */
const MOST_TOKENS = 10_000

/**
 * Compiles `context.device.posture` of one configuration generation; without it there is no verifier.
 * @param previous of the configuration before: unchanged issuers keep its keys
 */
export function createPostureTokens(
  settings: PostureSettings | undefined,
  deps: KeySourceDeps,
  previous: PostureTokens | undefined,
): Compiled<PostureTokens | undefined> {
  if (settings === undefined) return { ok: true, value: undefined }
  const issuers = new Map<string, PostureIssuer>()
  const problems: SettingsProblem[] = []
  for (const [index, issuer] of settings.issuers.entries()) {
    const path = ['context', 'device', 'posture', 'issuers', index]
    const keys = compileKeys(issuer, deps, previous?.rings ?? new Map(), path, 'sig')
    if (!keys.ok) problems.push(...keys.problems)
    else {
      const audiences = new Set(issuer.audiences)
      issuers.set(issuer.issuer, {
        ...keys.value,
        audiences,
        settings: { ...issuer, tokenType: TOKEN_TYPE },
      })
    }
  }
  if (problems.length > 0) return { ok: false, problems }
  return { ok: true, value: new CachingPostureTokens(issuers, settings.claims) }
}

class CachingPostureTokens implements PostureTokens {
  readonly rings: ReadonlyMap<string, KeyRing>
  readonly #issuers: ReadonlyMap<string, PostureIssuer>
  readonly #claims: readonly string[]
  readonly #cache = new LRUCache<string, Entry>({ max: MOST_TOKENS })

  constructor(issuers: ReadonlyMap<string, PostureIssuer>, claims: readonly string[]) {
    this.#issuers = issuers
    this.#claims = claims
    this.rings = new Map([...issuers.values()].map(({ settings, ring }) => [ringName(settings, 'sig'), ring]))
  }

  async start(): Promise<void> {
    await Promise.all([...this.rings.values()].map((ring) => ring.becomeUsable()))
  }

  state(): readonly IssuerKeyState[] {
    return [...this.rings.values()].map((ring) => ring.state())
  }

  verify(token: string, atMs: number): Result<PostureToken> | Promise<Result<PostureToken>> {
    if (token.length > COMPACT_LIMITS.maxBytes) {
      return refused('identity.token.oversized', sizeOf(token, COMPACT_LIMITS))
    }
    const name = hash('sha256', token, 'base64url')
    const known = this.#cache.get(name)
    const isGood =
      known !== undefined &&
      atMs < known.expiresAtMs &&
      known.ring.isUsableNow() &&
      known.ring.keys.has(known.key)
    return isGood ? { ok: true, value: known.token } : this.#verifyAnew(token, name, atMs)
  }

  async #verifyAnew(token: string, name: string, atMs: number): Promise<Result<PostureToken>> {
    const parsed = parseCompact(token)
    if (!parsed.ok) return parsed
    const { header: rawHeader, claims } = parsed.value
    const iss = claims['iss']
    const issuer = typeof iss === 'string' ? this.#issuers.get(iss) : undefined
    if (issuer === undefined) {
      const known = configured(this.#issuers.keys())
      return refused('identity.token.unknown-issuer', `iss claims ${claimed(iss)}; configured are ${known}`)
    }
    const header = readHeader(rawHeader, issuer)
    if (!header.ok) return header
    const posture = readPosture(claims, issuer, this.#claims, atMs)
    if (!posture.ok) return posture
    const key = await verifySignature(parsed.value, header.value, issuer.ring)
    if (!key.ok) return key
    const expiresAtMs = (claims['exp'] as number) * 1000
    this.#cache.set(name, { token: posture.value, expiresAtMs, ring: issuer.ring, key: key.value })
    return posture
  }
}

type Raw = Readonly<Record<string, unknown>>

/** Unlike an access token's, a posture's age is what it is worth: `iat` is never left out. */
const areTimes = ({ iat, exp, nbf = 0 }: Raw) => [iat, exp, nbf].every((time) => Number.isFinite(time))

/** Contract section 1: iss, sub = device, iat, exp <= 10 min, aud, cnf, posture. All but cnf must be there. */
function readPosture(
  raw: Raw,
  issuer: PostureIssuer,
  names: readonly string[],
  atMs: number,
): Result<PostureToken> {
  const { iss, sub, posture, cnf } = raw
  if (typeof iss !== 'string' || typeof sub !== 'string' || sub === '') return wrong('sub is no text')
  if (!isPlainObject(posture)) return wrong('posture is no object')
  if (cnf !== undefined && !isPlainObject(cnf)) return wrong('cnf is of the wrong type')
  if (!areTimes(raw)) return wrong('iat, exp or nbf is no number')
  const refusal = audienceRefusal(raw, issuer) ?? timeRefusal(raw, issuer, atMs)
  if (refusal !== undefined) return refusal
  const confirmation = readConfirmation(cnf)
  if (!confirmation.ok) return confirmation
  const shown = names.filter((name) => Object.hasOwn(posture, name)).map((name) => [name, posture[name]])
  const claims = Object.freeze(Object.fromEntries(shown))
  return {
    ok: true,
    value: Object.freeze({ issuer: iss, device: sub, confirmation: confirmation.value, claims }),
  }
}
