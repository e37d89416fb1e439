import { LRUCache } from 'lru-cache'
import type { IdentitySettings } from '../config/schema/identity.ts'
import type { Result, VerifiedToken } from '../identity/contract.ts'
import type { VerifiedAccessToken } from './access-token.ts'
import type { Issuer } from './issuer.ts'
import type { VerificationKey } from './jwk.ts'

export type Accepted = Extract<Result<VerifiedToken>, { ok: true }>

/** A verified token as checks get it: the very same objects each time, so that others may hang theirs on them. */
export class CachedToken {
  readonly issuer: Issuer
  readonly key: VerificationKey
  readonly #expiresAtMs: number
  readonly #accepted: Accepted
  /** Per tenant, when the tenant is the entrypoint's: as many as the configuration names. */
  #tenants: Map<string, Accepted> | undefined

  constructor({ credential, issuer, key }: VerifiedAccessToken) {
    this.issuer = issuer
    this.key = key
    this.#expiresAtMs = credential.expiresAt * 1000
    this.#accepted = { ok: true, value: Object.freeze({ credential, binding: issuer.binding }) }
  }

  /** The leeway is for clocks that differ, not for living longer in the cache. */
  isAlive(atMs: number): boolean {
    return atMs < this.#expiresAtMs
  }

  /** @param tenant the entrypoint's, used where neither the issuer nor the token names one */
  for(tenant: string | undefined): Accepted {
    const { credential, binding } = this.#accepted.value
    if (tenant === undefined || tenant === '' || credential.tenant !== '') return this.#accepted
    this.#tenants ??= new Map()
    const known = this.#tenants.get(tenant)
    if (known !== undefined) return known
    const own = Object.freeze({ credential: Object.freeze({ ...credential, tenant }), binding })
    const accepted: Accepted = { ok: true, value: own }
    this.#tenants.set(tenant, accepted)
    return accepted
  }
}

/** What an entry takes beside its token: key, objects and the list's links. */
const ENTRY_BYTES = 1024
/** Claims, credential and the token's own text come to about three times the compact form. */
const BYTES_PER_CHARACTER = 3

/**
 * Verified tokens by the SHA-256 of the whole compact token, signature included: neither another signature over the
 * same claims nor the same token id finds an entry. Only verified tokens enter, so refused ones cannot push them out.
 */
export class TokenCache {
  readonly #entries: LRUCache<string, CachedToken> | undefined

  constructor({ maxTokens, maxBytes }: IdentitySettings['cache']) {
    if (maxTokens > 0 && maxBytes > 0) this.#entries = new LRUCache({ max: maxTokens, maxSize: maxBytes })
  }

  /** An entry that has not expired; whether its key still stands is the caller's question to the key ring. */
  get(tokenHash: string, atMs: number): CachedToken | undefined {
    const entry = this.#entries?.get(tokenHash)
    if (entry === undefined || entry.isAlive(atMs)) return entry
    this.#entries?.delete(tokenHash)
    return undefined
  }

  set(tokenHash: string, entry: CachedToken, tokenLength: number, atMs: number): void {
    if (!entry.isAlive(atMs)) return
    this.#entries?.set(tokenHash, entry, { size: ENTRY_BYTES + tokenLength * BYTES_PER_CHARACTER })
  }

  delete(tokenHash: string): void {
    this.#entries?.delete(tokenHash)
  }
}
