import type { IssuerSettings } from '../config/schema/identity.ts'
import type { Compiled, SettingsProblem } from '../errors.ts'
import type { BindingPolicy } from '../identity/contract.ts'
import type { Algorithm } from '../lib/algorithms.ts'
import { algorithmNamed } from './algorithms.ts'
import type { Clients } from './clients.ts'
import type { KeyUse } from './jwk.ts'
import type { KeyRing } from './key-ring.ts'
import { createKeyRing, type KeySettings, type KeySourceDeps } from './key-source.ts'

/** One configured issuer, ready for use. */
export interface Issuer {
  readonly settings: IssuerSettings
  readonly algorithms: ReadonlySet<Algorithm>
  readonly audiences: ReadonlySet<string>
  readonly binding: BindingPolicy
  readonly clients: Clients
  readonly ring: KeyRing
}

/**
 * Compiles one issuer.
 * @param held key rings of an earlier configuration by `ringName`: an issuer whose keys come from where they came
 *   from before keeps them, so that a policy edit during an outage of the issuer does not refuse its tokens
 * @param path of the issuer in the configuration
 */
export function compileIssuer(
  settings: IssuerSettings,
  clients: Clients,
  deps: KeySourceDeps,
  held: ReadonlyMap<string, KeyRing>,
  path: SettingsProblem['path'],
  use: KeyUse = 'sig',
): Compiled<Issuer> {
  const keys = compileKeys(settings, deps, held, path, use)
  if (!keys.ok) return keys
  const { algorithms: proofs, nonce, maxAgeSeconds, maxFutureSeconds } = settings.dpop
  const binding: BindingPolicy = Object.freeze({
    mode: settings.binding,
    dpop: Object.freeze({ algorithms: proofs, nonce, maxAgeSeconds, maxFutureSeconds }),
  })
  return {
    ok: true,
    value: { settings, ...keys.value, audiences: new Set(settings.audiences), binding, clients },
  }
}

type SigningSettings = KeySettings & Pick<IssuerSettings, 'algorithms'>

/** Its algorithms, and the ring of its keys. @param held as of `compileIssuer` */
export function compileKeys(
  settings: SigningSettings,
  deps: KeySourceDeps,
  held: ReadonlyMap<string, KeyRing>,
  path: SettingsProblem['path'],
  use: KeyUse,
): Compiled<Pick<Issuer, 'algorithms' | 'ring'>> {
  const algorithms = new Set(settings.algorithms.map(algorithmNamed).filter((name) => name !== undefined))
  const earlier = held.get(ringName(settings, use))
  if (earlier !== undefined) return { ok: true, value: { algorithms, ring: earlier } }
  const ring = createKeyRing(settings, algorithms, deps, [...path, 'jwks'], use)
  return ring.ok ? { ok: true, value: { algorithms, ring: ring.value } } : ring
}

/** Equal for two issuers whose keys are the same keys, judged by the same rules. */
export const ringName = ({ issuer, jwks, algorithms }: SigningSettings, use: KeyUse): string =>
  JSON.stringify([issuer, jwks, algorithms, use])
