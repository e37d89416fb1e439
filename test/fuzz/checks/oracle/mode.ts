/** Whether a decision is carried out or only recorded, as docs/rollout.md tells it. */
import { createHash } from 'node:crypto'
import type { Caller, EntrypointSettings, Mode, World, WorldSettings } from '../settings.ts'
import type { Identity } from './identity.ts'
import { entrypointOf } from './peer.ts'
import type { Seen } from './seen.ts'

const said = ({ enforcement, entrypoints }: WorldSettings): readonly Mode[] => [
  ...Object.values(enforcement.tenants),
  ...Object.values(enforcement.hosts),
  ...entrypoints.flatMap(({ mode }) => mode ?? []),
]

/** Nothing is enforced anywhere. */
export function isObservedWhole({ settings }: World): boolean {
  const { mode, percentage } = settings.enforcement
  return mode === 'observe' && percentage === 100 && !said(settings).includes('enforce')
}

export function isObservedSomewhere({ settings }: World): boolean {
  const { mode, percentage } = settings.enforcement
  return percentage > 0 && (mode === 'observe' || said(settings).includes('observe'))
}

/** Whether this one may be observed: where it cannot be told on which side of a share it is, it may. */
export function mayBeObserved(seen: Seen, identity: Identity, caller: Caller, world: World): boolean {
  const { enforcement } = world.settings
  const entrypoint = entrypointOf(seen, caller, world)
  if (saidOf(seen, identity, entrypoint, enforcement) === 'enforce') return false
  if (enforcement.percentage === 100) return true
  const place = placeOf(seen, identity, entrypoint)
  return enforcement.percentage > 0 && (place === undefined || place < enforcement.percentage)
}

/** Where entrypoint, tenant and host differ, `enforce` wins; where none says anything, the mode of all holds. */
function saidOf(
  seen: Seen,
  identity: Identity,
  entrypoint: EntrypointSettings | undefined,
  enforcement: WorldSettings['enforcement'],
): Mode {
  const tenant = (identity.state === 'known' && identity.who.tenant) || entrypoint?.tenant
  const modes = [
    entrypoint?.mode,
    tenant === undefined ? undefined : enforcement.tenants[tenant],
    enforcement.hosts[seen.host],
  ].filter((mode) => mode !== undefined)
  return modes.length === 0 ? enforcement.mode : modes.includes('enforce') ? 'enforce' : 'observe'
}

/**
 * Where among a hundred a session stands, the same in every replica, or the address of who has none. Which texts are
 * hashed no page says. undefined: the name of the session, or the address, only Vigil knows.
 */
function placeOf(
  seen: Seen,
  identity: Identity,
  entrypoint: EntrypointSettings | undefined,
): number | undefined {
  if (identity.state === 'known') {
    const { issuer, token } = identity.who
    return token?.session ? percentile(`session\n${issuer}\n${token.session}`) : undefined
  }
  const address = addressOf(seen, entrypoint)
  return address === undefined ? undefined : percentile(`address\n${address}`)
}

/** Of whoever is not behind others, as far as this is sure. */
function addressOf(seen: Seen, entrypoint: EntrypointSettings | undefined): string | undefined {
  const isDirect =
    !seen.headers.has('x-forwarded-for') ||
    (entrypoint !== undefined && entrypoint.trustedProxies === 0 && !entrypoint.envoyAppends)
  return isDirect && /^\d+[.]\d+[.]\d+[.]\d+$/.test(seen.source.ip) ? seen.source.ip : undefined
}

function percentile(text: string): number {
  const first = createHash('sha256').update(text).digest().readUIntBE(0, 6)
  return (first / 2 ** 48) * 100
}
