import type { EnforcementSettings } from '../config/schema/enforcement.ts'
import type { IdentitySettings } from '../config/schema/identity.ts'
import { askedFor, type ProtectedResource, protectedResource, resourceOf } from '../lib/protected-resource.ts'
import type { Check, HeaderPair } from '../model.ts'
import { type Cors, corsHeaders } from './cors.ts'

/** A resource with the metadata that are told of it. */
export interface DescribedResource extends ProtectedResource {
  readonly document: string
}

type ResourceSettings = EnforcementSettings['resourceMetadata'][number]

/** RFC 9728 section 2. What the settings do not say follows from the rest of the configuration. */
export function describeResources(
  settings: readonly ResourceSettings[],
  identity: IdentitySettings,
  allScopes: readonly string[],
  algs: readonly string[],
): readonly DescribedResource[] {
  const issuers = identity.issuers.map(({ issuer }) => issuer)
  return settings.map((each) => ({
    ...protectedResource(each.resource),
    document: JSON.stringify({
      resource: each.resource,
      authorization_servers: each.authorizationServers ?? issuers,
      scopes_supported: each.scopes ?? allScopes,
      bearer_methods_supported: ['header'],
      resource_name: each.name,
      resource_documentation: each.documentation,
      dpop_signing_alg_values_supported: algs,
      dpop_bound_access_tokens_required: each.dpopRequired || undefined,
      tls_client_certificate_bound_access_tokens: each.certificateBoundTokens || undefined,
    }),
  }))
}

/** `resource_metadata` of the challenges to this request (RFC 9728 section 5.1). */
export const metadataUrlOf = (check: Check, resources: readonly DescribedResource[]): string | undefined =>
  resources.length === 0 ? undefined : resourceOf(resources, check)?.metadataUrl

/** So long may caches keep what was told. */
const MAX_AGE_SECONDS = 300

/** The whole answer to a request for metadata that may pass; undefined: it is another request. */
export function metadataReply(
  check: Check,
  resources: readonly DescribedResource[],
  cors: Cors | undefined,
): { status: 200; headers: readonly HeaderPair[]; body: string } | undefined {
  const asked = resources.length === 0 ? undefined : askedFor(resources, check)
  if (asked === undefined || (check.method !== 'GET' && check.method !== 'HEAD')) return undefined
  const headers: readonly HeaderPair[] = [
    ['content-type', 'application/json'],
    ['cache-control', `max-age=${MAX_AGE_SECONDS}`],
    ...(cors === undefined ? [] : corsHeaders(check, cors)),
  ]
  return { status: 200, headers, body: asked.document }
}
