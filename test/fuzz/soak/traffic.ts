/** The mixed traffic of a soak: good tokens shown again and again, proofs of their own, and everything that is refused. */

import { checkBytes } from '../../harness/wire.ts'
import { DEVICE_KEY } from '../checks/base.ts'
import { compactOf, draftOf } from '../checks/jwt.ts'
import { sha256 } from '../checks/keys.ts'
import { API, issuerKeys } from '../checks/world.ts'
import type { Random } from '../random.ts'

export const ISSUER = 'https://idp.example.com'

export const SETTINGS = {
  identity: {
    issuers: [
      {
        issuer: ISSUER,
        audiences: [API],
        algorithms: ['Ed25519'],
        jwks: {
          inline: {
            keys: [{ ...issuerKeys(ISSUER)[0].jwk, kid: issuerKeys(ISSUER)[0].kid, alg: 'Ed25519' }],
          },
        },
      },
    ],
    cache: { maxTokens: 2000 },
  },
  entrypoints: [{ name: 'gateway', externalOrigins: [API], trustedProxies: 0 }],
  actions: [
    {
      name: 'read',
      match: { methods: ['GET'], paths: ['/v1/items/{id}'] },
      sensitivity: 'low',
      scopes: ['read'],
    },
    {
      name: 'write',
      match: { methods: ['POST'], paths: ['/v1/items'] },
      sensitivity: 'medium',
      scopes: ['write'],
    },
    { name: 'status', match: { paths: ['/status'] }, sensitivity: 'low', anonymous: true },
  ],
  risk: { limits: [{ name: 'per-address', per: 'address', requests: 1_000_000, windowSeconds: 60 }] },
  policy: [{ name: 'no-deletes', when: 'request.method == "DELETE"', effect: 'deny' }],
  audit: { sinks: [{ kind: 'file', path: '/dev/null' }] },
}

/**
 * What comes, in percent. Signing and verifying cost most of all and leave the same behind each time, so they are the smaller
 * part; in ten million checks there are still hundreds of thousands of each. One in ten shows a proof: the uses that a process
 * remembers (`history/replay.ts`) are kept in two halves of 50,000, of which one goes as a whole, so memory is a saw whose tooth is
 * 50,000 proofs long, and two whole teeth have to fit into what is compared.
 */
const NEW_CALLERS = 3
const KINDS = { shown: 80, proved: 90, forged: 93, nobody: 97 } as const

interface Shown {
  readonly token: string
  readonly untilMs: number
}

/** Tokens live for five minutes of the clock of the soak. */
const LIFE_SECONDS = 300

export interface Traffic {
  next(atMs: number): Buffer
}

/** @param identities how many callers there are; undefined: new ones come all the time */
export function createTraffic(r: Random, identities: number | undefined): Traffic {
  const tokens = new Map<string, Shown>()
  let count = 0
  const tokenOf = (sub: string, isBound: boolean, atMs: number): string => {
    const name = `${sub} ${isBound}`
    const known = tokens.get(name)
    if (known !== undefined && known.untilMs > atMs) return known.token
    const iat = Math.floor(atMs / 1000)
    const [key] = issuerKeys(ISSUER)
    const claims = {
      iss: ISSUER,
      sub,
      aud: API,
      client_id: 'web-app',
      iat,
      exp: iat + LIFE_SECONDS,
      jti: `${sub}-${iat}-${isBound}`,
      sid: `s-${sub}`,
      scope: 'read write',
      ...(isBound ? { cnf: { jkt: DEVICE_KEY.jkt } } : {}),
    }
    const token = compactOf(draftOf(key, { typ: 'at+jwt', alg: key.alg, kid: key.kid }, claims), false)
    // A new caller comes once, and what is kept of it here would count as memory of Vigil's.
    if (!sub.startsWith('new-')) tokens.set(name, { token, untilMs: (iat + LIFE_SECONDS - 5) * 1000 })
    return token
  }
  const proofOf = (token: string, atMs: number, path: string): string => {
    const header = { typ: 'dpop+jwt', alg: 'Ed25519', jwk: DEVICE_KEY.jwk }
    const claims = {
      jti: `soak-${count}`,
      htm: 'GET',
      htu: API + path,
      iat: Math.floor(atMs / 1000),
      ath: sha256(token),
    }
    return compactOf(draftOf(DEVICE_KEY, header, claims), false)
  }
  const headersOf = (atMs: number, path: string): Record<string, string> => {
    const isNew = identities === undefined && r.chance(NEW_CALLERS)
    const sub = isNew ? `new-${count}` : `user-${r.below(identities ?? 500)}`
    const common = {
      'user-agent': `agent ${r.below(20)}`,
      'x-device-id': `device-${sub}`,
      'x-request-id': `r${count}`,
    }
    const kind = r.below(100)
    if (kind < KINDS.shown) return { ...common, authorization: `Bearer ${tokenOf(sub, false, atMs)}` }
    if (kind < KINDS.proved) {
      const token = tokenOf(sub, true, atMs)
      return { ...common, authorization: `DPoP ${token}`, dpop: proofOf(token, atMs, path) }
    }
    if (kind < KINDS.forged) return { ...common, authorization: `Bearer ${tokenOf(sub, false, atMs)}x` }
    // A bound token without its proof.
    return kind < KINDS.nobody ? common : { ...common, authorization: `Bearer ${tokenOf(sub, true, atMs)}` }
  }
  return {
    next: (atMs) => {
      count++
      const path = r.pick(['/v1/items/7', '/v1/items/8', '/status', '/nowhere'])
      return checkBytes({
        path,
        headers: headersOf(atMs, path),
        streamId: `s${count}`,
        time: { seconds: Math.floor(atMs / 1000), nanos: count % 1000 },
        source: { ip: `198.51.100.${r.below(250)}`, port: 1024 + (count % 60_000) },
      })
    },
  }
}
