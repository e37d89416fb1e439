import { hash } from 'node:crypto'
import type { IdentitySettings } from '../config/schema/identity.ts'
import type { Compiled, SettingsProblem } from '../errors.ts'
import { type Result, refused, type TokenVerifier, type VerifiedToken } from '../identity/contract.ts'
import type { Entrypoint } from '../model.ts'
import type { Meter } from '../ports.ts'
import { type Authorities, verifyAccessToken } from './access-token.ts'
import { clientsOf, NO_CLIENTS } from './clients.ts'
import { compileIssuer, type Issuer, ringName } from './issuer.ts'
import type { KeyUse } from './jwk.ts'
import { svidSettings } from './jwt-svid.ts'
import type { IssuerKeyState, KeyRing } from './key-ring.ts'
import type { KeySourceDeps } from './key-source.ts'
import { COMPACT_LIMITS, sizeOf } from './strict.ts'
import { CachedToken, TokenCache } from './token-cache.ts'

export interface AccessTokenVerifier extends TokenVerifier {
  /** Loads the keys of every issuer once, each within its `timeoutMs`. Never rejects: see the states. */
  start(): Promise<readonly IssuerKeyState[]>
  /** Per issuer, for readiness and operators; starts a due load beside. */
  state(): readonly IssuerKeyState[]
  /** For the verifier that follows. */
  readonly rings: ReadonlyMap<string, KeyRing>
}

/**
 * Compiles `identity` of one configuration generation. Keys in files are read relative to `deps.baseDir`.
 * @param previous the verifier of the configuration before: unchanged issuers keep its keys; its cache is not taken over
 */
export function createTokenVerifier(
  settings: IdentitySettings,
  deps: KeySourceDeps,
  previous?: AccessTokenVerifier,
): Compiled<AccessTokenVerifier> {
  const issuers = new Map<string, Issuer>()
  const problems: SettingsProblem[] = []
  const held = previous?.rings ?? new Map<string, KeyRing>()
  for (const [index, issuer] of settings.issuers.entries()) {
    const path = ['identity', 'issuers', index]
    if (issuers.has(issuer.issuer)) {
      problems.push({ path: [...path, 'issuer'], message: 'this issuer is configured twice' })
    }
    const clients = clientsOf(settings, issuer)
    const compiled = compileIssuer(issuer, clients, deps, held, path)
    if (compiled.ok) issuers.set(issuer.issuer, compiled.value)
    else problems.push(...compiled.problems)
  }
  const trustDomains = compileTrustDomains(settings, deps, held, problems)
  if (problems.length > 0) return { ok: false, problems }
  const cache = new TokenCache(settings.cache)
  return { ok: true, value: new CachingVerifier({ issuers, trustDomains }, cache, deps.meter) }
}

/** Those whose JWT-SVIDs are taken; the others are known by their certificates alone. */
function compileTrustDomains(
  { workloads }: IdentitySettings,
  deps: KeySourceDeps,
  held: ReadonlyMap<string, KeyRing>,
  problems: SettingsProblem[],
): ReadonlyMap<string, Issuer> {
  const found = new Map<string, Issuer>()
  for (const [index, domain] of workloads.trustDomains.entries()) {
    const settings = svidSettings(domain)
    if (settings === undefined) continue
    const path = ['identity', 'workloads', 'trustDomains', index]
    const compiled = compileIssuer(settings, NO_CLIENTS, deps, held, path, 'jwt-svid')
    if (compiled.ok) found.set(domain.name, compiled.value)
    else problems.push(...compiled.problems)
  }
  return found
}

const HIT = { result: 'hit' }
const MISS = { result: 'miss' }

class CachingVerifier implements AccessTokenVerifier {
  readonly rings: ReadonlyMap<string, KeyRing>
  readonly #authorities: Authorities
  readonly #cache: TokenCache
  readonly #meter: Meter

  constructor(authorities: Authorities, cache: TokenCache, meter: Meter) {
    this.#authorities = authorities
    this.#cache = cache
    this.#meter = meter
    const ringsOf = (all: Authorities[keyof Authorities], use: KeyUse) =>
      [...all.values()].map(({ settings, ring }) => [ringName(settings, use), ring] as const)
    this.rings = new Map([
      ...ringsOf(authorities.issuers, 'sig'),
      ...ringsOf(authorities.trustDomains, 'jwt-svid'),
    ])
  }

  async start(): Promise<readonly IssuerKeyState[]> {
    await Promise.all([...this.rings.values()].map((ring) => ring.becomeUsable()))
    return this.state()
  }

  state(): readonly IssuerKeyState[] {
    return [...this.rings.values()].map((ring) => ring.state())
  }

  /** Answers at once, without a promise, when the token is cached and its issuer's keys are fresh. */
  verify(
    token: string,
    entrypoint: Entrypoint,
    atMs: number,
  ): Result<VerifiedToken> | Promise<Result<VerifiedToken>> {
    // Before the digest, whose cost grows with the token (JWT-17).
    if (token.length > COMPACT_LIMITS.maxBytes) {
      return refused('identity.token.oversized', sizeOf(token, COMPACT_LIMITS))
    }
    const tokenHash = hash('sha256', token, 'base64url')
    const entry = this.#cache.get(tokenHash, atMs)
    if (entry?.issuer.ring.isUsableNow() && entry.issuer.ring.keys.has(entry.key)) {
      this.#meter.add('vigil_token_cache_total', 1, HIT)
      return entry.for(entrypoint.tenant)
    }
    return this.#verifyAnew(token, tokenHash, entrypoint, atMs)
  }

  /** A key that has left its set takes its cached tokens along: they are verified, and so refused, like any other. */
  async #verifyAnew(
    token: string,
    tokenHash: string,
    entrypoint: Entrypoint,
    atMs: number,
  ): Promise<Result<VerifiedToken>> {
    this.#meter.add('vigil_token_cache_total', 1, MISS)
    const verified = await verifyAccessToken(token, tokenHash, this.#authorities, atMs)
    if (!verified.ok) {
      this.#cache.delete(tokenHash)
      return verified
    }
    const entry = new CachedToken(verified.value)
    this.#cache.set(tokenHash, entry, token.length, atMs)
    return entry.for(entrypoint.tenant)
  }
}
