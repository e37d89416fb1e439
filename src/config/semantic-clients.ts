import type { SettingsProblem } from '../errors.ts'
import { didYouMean } from '../lib/nearest.ts'
import type { ClientSettings, IdentitySettings, IssuerSettings } from './schema/identity.ts'

type Path = SettingsProblem['path']

/** A client id is a name that one issuer gave, so a client belongs to one issuer, and its audiences are that issuer's. */
export function checkClients({ clients, issuers }: IdentitySettings): SettingsProblem[] {
  const seen = new Set<string>()
  return clients.flatMap((client, i) => {
    const path = ['identity', 'clients', i]
    const name = JSON.stringify([client.issuer ?? issuers[0]?.issuer, client.id])
    const isTwice = seen.has(name)
    seen.add(name)
    const twice = isTwice
      ? [{ path: [...path, 'id'], message: `client "${client.id}" is listed already` }]
      : []
    return [...twice, ...checkClient(client, issuers, path)]
  })
}

function checkClient(
  { issuer, audiences }: ClientSettings,
  issuers: readonly IssuerSettings[],
  path: Path,
): SettingsProblem[] {
  if (issuer === undefined && issuers.length > 1) {
    return [{ path, message: 'there are several issuers: say whose client this is with `issuer`' }]
  }
  const own = issuer === undefined ? issuers[0] : issuers.find((one) => one.issuer === issuer)
  if (own === undefined) {
    const names = issuers.map((one) => one.issuer)
    const message =
      issuer === undefined
        ? 'there is no issuer that could know this client'
        : `no issuer is called "${issuer}"${didYouMean(issuer, names)}`
    return [{ path: issuer === undefined ? path : [...path, 'issuer'], message }]
  }
  return (audiences ?? []).flatMap((audience, j) =>
    own.audiences.includes(audience)
      ? []
      : [
          {
            path: [...path, 'audiences', j],
            message: `"${audience}" is no audience of its issuer${didYouMean(audience, own.audiences)}`,
          },
        ],
  )
}
