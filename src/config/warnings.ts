import type { SettingsProblem } from '../errors.ts'
import { observedPlaces } from './observed.ts'
import type { RuleSettings } from './schema/decision.ts'
import type { Settings } from './schema/settings.ts'
import { slowKeys } from './semantic-keys.ts'

/** What is allowed and yet hardly meant: the file is good, and whoever wrote it should know what follows from it. */
export const warnAbout = (settings: Settings): SettingsProblem[] => [
  ...withoutOrigin(settings),
  ...withoutClients(settings),
  ...workloadsUnseen(settings),
  ...withoutActions(settings),
  ...observing(settings),
  ...withoutWayBack(settings),
  ...withoutCredential(settings),
  ...slowKeys(settings),
  ...deadRules(settings.policy),
]

function withoutOrigin({ entrypoints }: Settings): SettingsProblem[] {
  const meetsClients = entrypoints.filter(({ role }) => role === 'edge')
  if (entrypoints.length > 0 && meetsClients.length === 0) return []
  if (meetsClients.some(({ externalOrigins }) => externalOrigins.length > 0)) return []
  const what =
    entrypoints.length === 0
      ? 'no entrypoints: no external origin is known'
      : 'no entrypoint names externalOrigins'
  const message = `${what}, so no DPoP proof can fit and tokens that are bound to a key are refused`
  return [{ path: ['entrypoints'], message, isAboutKey: true }]
}

function withoutClients({ identity }: Settings): SettingsProblem[] {
  if (identity.unlistedClients === 'accept' || identity.clients.length > 0) return []
  const message = 'no client is listed, so every token is refused'
  return [{ path: ['identity', 'unlistedClients'], message }]
}

function workloadsUnseen({ identity, entrypoints }: Settings): SettingsProblem[] {
  if (identity.workloads.trustDomains.length === 0) return []
  if (!entrypoints.some(({ peerVerified }) => peerVerified)) {
    const message = 'no entrypoint says peerVerified, so no workload is ever seen'
    return [{ path: ['identity', 'workloads'], message, isAboutKey: true }]
  }
  // A gateway would lend its name to whoever shows nothing.
  return entrypoints.flatMap(({ role, peerVerified, edges }, i) =>
    role === 'inside' && peerVerified && edges.length === 0
      ? [
          {
            path: ['entrypoints', i],
            message:
              'no edges are named, so what a gateway forwards without a token is taken for the gateway’s own call; name the gateways in edges',
          },
        ]
      : [],
  )
}

function withoutActions({ actions, unknownAction }: Settings): SettingsProblem[] {
  if (actions.length > 0) return []
  const follows =
    unknownAction.effect === 'deny'
      ? 'and is refused'
      : `and is decided with sensitivity ${unknownAction.sensitivity}`
  const message = `no actions: every request stands for the action "unknown" ${follows}`
  return [{ path: ['actions'], message, isAboutKey: true }]
}

function observing(settings: Settings): SettingsProblem[] {
  const { percentage } = settings.enforcement
  const whose = percentage === 100 ? 'every request' : `every request of ${percentage} % of the sessions`
  const message = `observe mode: ${whose} passes here, whatever is decided`
  return observedPlaces(settings).map((path) => ({ path, message }))
}

function withoutWayBack({ entrypoints, enforcement }: Settings): SettingsProblem[] {
  const hasOrigin = entrypoints.some(({ externalOrigins }) => externalOrigins.length > 0)
  if (enforcement.loginUrl === undefined || hasOrigin) return []
  const message = 'no entrypoint names externalOrigins: nobody is sent there, because there is no way back'
  return [{ path: ['enforcement', 'loginUrl'], message }]
}

/** A token that an edge has taken away is missing at the inside entrypoint behind it, which asks for one again. */
function withoutCredential({ entrypoints }: Settings): SettingsProblem[] {
  if (!entrypoints.some(({ role }) => role === 'inside')) return []
  return entrypoints.flatMap(({ role, forwardsCredential }, i) =>
    role === 'inside' || forwardsCredential
      ? []
      : [
          {
            path: ['entrypoints', i, 'forwardsCredential'],
            message: 'an inside entrypoint behind this edge would see no credential; set it there instead',
          },
        ],
  )
}

const isAlways = ({ when, shadow }: RuleSettings): boolean =>
  shadow === false && String(when).trim() === 'true'

/** The first match wins. Shadow rules are looked at all the same. */
function deadRules(policy: readonly RuleSettings[]): SettingsProblem[] {
  const first = policy.findIndex(isAlways)
  return policy.flatMap(({ shadow }, i) =>
    first < 0 || i <= first || shadow !== false
      ? []
      : [
          {
            path: ['policy', i],
            message: `this rule is never reached: "${policy[first]?.name}" stands before it and matches always`,
          },
        ],
  )
}
