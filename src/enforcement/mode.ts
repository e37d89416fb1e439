import type { EnforcementSettings } from '../config/schema/enforcement.ts'
import type { EntrypointSettings } from '../config/schema/entrypoints.ts'
import type { FailureCode } from '../errors.ts'
import { isCanary } from '../lib/canary.ts'
import { compileHosts, type Hosts, hostOf, isHostIn } from '../lib/hosts.ts'
import { percentileOf, sharerOf } from '../lib/share.ts'
import type { Check, Entrypoint, Mode, Subject } from '../model.ts'

/** Where decisions are carried out and where they are only recorded. */
export interface Modes {
  readonly otherwise: Mode
  readonly entrypoints: ReadonlyMap<string, Mode>
  readonly tenants: ReadonlyMap<string, Mode>
  readonly hosts: Readonly<Record<Mode, Hosts>>
  /** Of the sessions that are observed by all of these. */
  readonly percentage: number
  /** Nothing is enforced anywhere: also what could not be read is observed. */
  readonly isWhole: boolean
}

/** @returns undefined when nothing is observed: then no check has to ask */
export function compileModes(
  { mode, tenants, hosts, percentage }: EnforcementSettings,
  entrypoints: readonly EntrypointSettings[],
): Modes | undefined {
  const ofEntrypoints = entrypoints.flatMap(({ name, mode }) =>
    mode === undefined ? [] : ([[name, mode]] as const),
  )
  const said = [
    mode,
    ...ofEntrypoints.map(([, of]) => of),
    ...Object.values(tenants),
    ...Object.values(hosts),
  ]
  if (!said.includes('observe') || percentage === 0) return undefined
  const hostsIn = (wanted: Mode) =>
    compileHosts(Object.keys(hosts).flatMap((host) => (hosts[host] === wanted ? [host.toLowerCase()] : [])))
  return {
    otherwise: mode,
    entrypoints: new Map(ofEntrypoints),
    tenants: new Map(Object.entries(tenants)),
    hosts: { enforce: hostsIn('enforce'), observe: hostsIn('observe') },
    percentage,
    isWhole: !said.includes('enforce') && percentage === 100,
  }
}

/** Of these not even entrypoint and host can be trusted to be what they seem. */
const UNREAD: ReadonlySet<FailureCode | undefined> = new Set<FailureCode>([
  'check.request.undecodable',
  'check.request.oversized',
  'check.request.not-http',
  'check.request.host',
])

/**
 * Which mode holds for a check. Entrypoint, tenant and host may each say one: where two differ `enforce` wins, where none
 * says anything the mode of all holds. Who is not identified has the tenant of the entrypoint, or none, and belongs to
 * the share of the sessions by the client's address: by the credential it could be shaken until one falls right.
 * @param address of the client by the entrypoint's rule
 */
export function modeOf(
  check: Check,
  entrypoint: Entrypoint,
  subject: Subject,
  address: string | undefined,
  modes: Modes | undefined,
): Mode {
  if (modes === undefined) return 'enforce'
  // Nobody lives there, so whatever it is refused for breaks nobody, and tells before all else is enforced that Envoy obeys.
  if (isCanary(check)) return 'enforce'
  if (modes.isWhole) return 'observe'
  if (UNREAD.has(check.malformed) || saidOf(check, entrypoint, subject, modes) === 'enforce') return 'enforce'
  if (modes.percentage === 100) return 'observe'
  return percentileOf(sharerOf(subject, address)) < modes.percentage ? 'observe' : 'enforce'
}

function saidOf(check: Check, entrypoint: Entrypoint, subject: Subject, modes: Modes): Mode {
  const tenant = (subject.state === 'identified' && subject.credential.tenant) || entrypoint.tenant
  const host = hostOf(check.authority)
  const said = [
    modes.entrypoints.get(entrypoint.name),
    tenant === undefined ? undefined : modes.tenants.get(tenant),
    isHostIn(modes.hosts.enforce, host) ? 'enforce' : undefined,
    isHostIn(modes.hosts.observe, host) ? 'observe' : undefined,
  ]
  if (said.includes('enforce')) return 'enforce'
  return said.includes('observe') ? 'observe' : modes.otherwise
}
