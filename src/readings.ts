import type { Reading } from './ports.ts'
import type { Snapshot } from './snapshot.ts'
import type { IssuerKeyState } from './tokens/key-ring.ts'

/** What metrics tell of the configuration in use, at the moment somebody collects them. Asking starts a due load of keys. */
export function readingsOf(inUse: Snapshot | undefined): readonly Reading[] {
  if (inUse === undefined) return []
  const tokens = inUse.tokens.state().map((state) => readKeys(state, USES[state.use]))
  const postures = inUse.postures?.state().map((state) => readKeys(state, 'posture')) ?? []
  return [
    { name: 'vigil_config_info', value: 1, labels: { hash: inUse.hash } },
    ...tokens.flat(),
    ...postures.flat(),
  ]
}

const USES = { sig: 'access-token', 'jwt-svid': 'jwt-svid' } as const

function readKeys({ issuer, state, ageSeconds, lastFailure }: IssuerKeyState, use: string): Reading[] {
  const labels = { issuer, use }
  // Keys that nobody has asked for in a while are old and no fault: the load that this look starts may be all they lack.
  const isBehind = state === 'stale' && lastFailure !== undefined
  const value = state === 'unavailable' ? 2 : isBehind ? 1 : 0
  const age =
    ageSeconds === undefined ? [] : [{ name: 'vigil_keys_age_seconds', value: ageSeconds, labels } as const]
  return [{ name: 'vigil_keys_state', value, labels }, ...age]
}
