import { type Result, refused } from '../identity/contract.ts'
import type { Algorithm } from '../lib/algorithms.ts'
import { claimed } from '../lib/claimed.ts'
import { importKey, type KeyUse, type VerificationKey } from './jwk.ts'

/** A member of a key set that is not used, and why. */
export interface UnusedKey {
  readonly index: number
  readonly kind: 'foreign' | 'refused'
  readonly problem: string
}

export interface KeySet {
  readonly keys: ReadonlySet<VerificationKey>
  readonly unused: readonly UnusedKey[]
}

/** What makes two published keys the same: a key that changes its name or algorithm is another key. */
const identityOf = (key: VerificationKey, isNamed: boolean) =>
  JSON.stringify([key.thumbprint, key.kid, isNamed ? key.algorithm : undefined])

/**
 * Imports the members of a key set. Keys that were already in `before` keep their object, so that what hangs on a
 * key (a cached token, the algorithm it was seen with) lives exactly as long as the key is published.
 */
export function buildKeySet(
  jwks: readonly unknown[],
  allowed: ReadonlySet<Algorithm>,
  before: Iterable<VerificationKey> = [],
  use: KeyUse = 'sig',
): KeySet {
  const known = new Map<string, VerificationKey>()
  for (const key of before) {
    known.set(identityOf(key, true), key)
    known.set(identityOf(key, false), key)
  }
  const keys = new Map<string, VerificationKey>()
  const unused: UnusedKey[] = []
  for (const [index, jwk] of jwks.entries()) {
    const imported = importKey(jwk, allowed, use)
    if (imported.kind === 'key') {
      const id = identityOf(imported.key, imported.key.algorithm !== undefined)
      keys.set(id, known.get(id) ?? imported.key)
    } else {
      unused.push({ index, kind: imported.kind, problem: imported.problem })
    }
  }
  return { keys: new Set(keys.values()), unused }
}

/**
 * The one key that a token's header points at (JWT-04, JWT-07). Without `kid` exactly one key must fit; with `kid`
 * too, as RFC 7517 section 4.5 lets keys of different types share a name.
 */
export function findKey(
  keys: ReadonlySet<VerificationKey>,
  kid: string | undefined,
  algorithm: Algorithm,
): Result<VerificationKey> {
  const named = kid === undefined ? [...keys] : [...keys].filter((key) => key.kid === kid)
  const fitting = named.filter((key) => fits(key, algorithm))
  const [key, ...others] = fitting
  if (key !== undefined && others.length === 0) return { ok: true, value: key }
  if (key !== undefined) return refused('identity.token.unknown-key', 'more than one key fits')
  return kid !== undefined && named.length > 0
    ? refused('identity.token.algorithm', 'the key is for another algorithm')
    : refused(
        'identity.token.unknown-key',
        kid === undefined ? 'kid is missing, and no key fits' : `kid claims ${claimed(kid)}`,
      )
}

function fits(key: VerificationKey, algorithm: Algorithm): boolean {
  if (key.algorithm !== undefined) return key.algorithm === algorithm
  // Only an RSA key can be without its algorithm (jwk.ts), so any RSA algorithm fits until one has been used.
  return algorithm.startsWith('RS') || algorithm.startsWith('PS')
}
