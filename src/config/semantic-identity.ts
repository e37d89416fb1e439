import type { SettingsProblem } from '../errors.ts'
import type { IdentitySettings, IssuerSettings } from './schema/identity.ts'
import { checkClients } from './semantic-clients.ts'
import { checkKeys, checkTrustDomain } from './semantic-keys.ts'
import { duplicates } from './semantic-names.ts'

type Path = SettingsProblem['path']

/** Every contradiction in `identity`. */
export function checkIdentity(identity: IdentitySettings): SettingsProblem[] {
  const { issuers, workloads } = identity
  return [
    ...duplicates(
      issuers.map(({ issuer }) => issuer),
      (i) => ['identity', 'issuers', i, 'issuer'],
      'issuer',
    ),
    ...issuers.flatMap((issuer, i) => checkIssuer(issuer, ['identity', 'issuers', i])),
    ...checkClients(identity),
    ...duplicates(
      workloads.trustDomains.map(({ name }) => name),
      (i) => ['identity', 'workloads', 'trustDomains', i, 'name'],
      'trust domain',
    ),
    ...workloads.trustDomains.flatMap(checkTrustDomain),
  ]
}

function checkIssuer(issuer: IssuerSettings, path: Path): SettingsProblem[] {
  const both = issuer.tenant !== undefined && issuer.tenantClaim !== undefined
  return [
    ...checkKeys(issuer, path),
    ...(both ? [{ path: [...path, 'tenantClaim'], message: 'give tenant or tenantClaim, not both' }] : []),
    ...(issuer.cookie?.allowedOrigins ?? []).flatMap((origin, i) =>
      URL.canParse(origin)
        ? []
        : [{ path: [...path, 'cookie', 'allowedOrigins', i], message: `cannot read "${origin}"` }],
    ),
    ...duplicates(issuer.claims, (i) => [...path, 'claims', i], 'claim of this list'),
    ...duplicates(issuer.audiences, (i) => [...path, 'audiences', i], 'audience of this list'),
  ]
}
