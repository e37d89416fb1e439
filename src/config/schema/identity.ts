import { z } from 'zod'
import { ALGORITHMS } from '../../lib/algorithms.ts'
import { claimName, origin, seconds, tenantName } from './common.ts'

export const algorithm = z.enum([...ALGORITHMS, 'EdDSA'])

export const jwksSettings = z
  .strictObject({
    uri: z.string().url().optional().describe('Fetch the key set from here.'),
    discovery: z
      .boolean()
      .optional()
      .describe('Find the key set through RFC 8414 / OpenID Connect discovery of the issuer.'),
    file: z
      .string()
      .min(1)
      .optional()
      .describe('Read the key set from this file, relative to the configuration.'),
    inline: z
      .strictObject({
        keys: z.array(z.record(z.string(), z.unknown())).min(1).describe('Public keys as JWKs (RFC 7517).'),
      })
      .optional()
      .describe('The key set itself.'),
    refreshSeconds: seconds
      .default(300)
      .describe('A fetched key set is fetched again after this time; a removed key stops working then.'),
    cooldownSeconds: seconds
      .default(30)
      .describe('Least time between two fetches caused by unknown key ids.'),
    maxStaleSeconds: seconds
      .default(3600)
      .describe('How long a key set serves when it cannot be fetched again.'),
    timeoutMs: z
      .number()
      .int()
      .min(1)
      .max(30_000)
      .default(2000)
      .describe('Longest wait for one fetch; more than a fifth of `refreshSeconds` is warned of.'),
  })
  .refine(
    (s) => [s.uri, s.discovery, s.file, s.inline].filter((x) => x !== undefined && x !== false).length === 1,
    {
      message: 'give exactly one of uri, discovery, file, inline',
    },
  )

const cookieSettings = z.strictObject({
  name: z
    .string()
    .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/, 'write the name of a cookie, e.g. __Host-session')
    .describe('Name of the cookie; one that begins with `__Host-` cannot be set by a neighbouring host.'),
  allowedOrigins: z
    .array(origin)
    .default([])
    .describe(
      'Besides the entrypoint’s `externalOrigins`: from where a browser may change something with it.',
    ),
})

export const issuerSettings = z.strictObject({
  issuer: z.string().min(1).describe('Exact `iss` of its tokens.'),
  audiences: z.array(z.string().min(1)).min(1).describe('A token must name at least one of these in `aud`.'),
  jwks: jwksSettings.describe('Where its keys come from.'),
  algorithms: z.array(algorithm).min(1).default(['ES256']).describe('Signature algorithms it may use.'),
  tokenType: z
    .enum(['at+jwt', 'JWT'])
    .default('at+jwt')
    .describe('`typ` of its access tokens. `JWT` is for issuers that do not follow RFC 9068.'),
  binding: z
    .enum(['required', 'when-present', 'optional'])
    .default('when-present')
    .describe(
      '`required`: every token must be bound and proved. `when-present`: a bound token must be proved, and a bound token counts as verified. `optional`: the same, and a missing binding is never a finding.',
    ),
  dpop: z
    .strictObject({
      algorithms: z
        .array(algorithm)
        .min(1)
        .default(['ES256', 'Ed25519', 'PS256'])
        .describe('Algorithms of proofs.'),
      nonce: z
        .enum(['off', 'required'])
        .default('off')
        .describe('Ask every proof for a nonce of this service.'),
      maxAgeSeconds: seconds.default(60).describe('Greatest age of a proof without nonce.'),
      maxFutureSeconds: seconds.default(5).describe('How far the client’s clock may run ahead.'),
    })
    .prefault({})
    .describe('Rules for DPoP proofs (RFC 9449).'),
  cookie: cookieSettings.optional().describe('Browsers show its tokens in a cookie; absent: never.'),
  maxLifetimeSeconds: seconds.optional().describe('Greatest `exp` - `iat`.'),
  leewaySeconds: z.number().int().min(0).max(60).default(5).describe('Allowed clock difference.'),
  tenant: tenantName.optional().describe('Tenant of its subjects.'),
  tenantClaim: claimName.optional().describe('Claim that names the tenant.'),
  sessionClaim: claimName.default('sid').describe('Claim that names the session.'),
  deviceClaim: claimName.optional().describe('Claim that names the device the token was issued to.'),
  claims: z
    .array(claimName)
    .default([])
    .describe('Claims that conditions may read as `subject.claims.NAME`.'),
})

const clientSettings = z.strictObject({
  id: z.string().min(1).describe('Its `client_id`.'),
  issuer: z
    .string()
    .min(1)
    .optional()
    .describe('The issuer that knows it by this id; needed where there is more than one.'),
  kind: z
    .enum(['user-app', 'machine', 'agent'])
    .describe(
      '`user-app`: people use it. `machine`: it acts for itself, whatever `sub` says. `agent`: it acts for others, or for itself.',
    ),
  owner: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe('Who answers for it; conditions may read it, and records tell it.'),
  audiences: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe(
      'Those of the issuer’s `audiences` that tokens may name with which it comes, as their client or as actor (`act`); absent: all.',
    ),
})

/** JWT-SVID section 2.1 knows no EdDSA. */
const svidAlgorithm = algorithm.exclude(['Ed25519', 'EdDSA'])

const trustDomainSettings = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9._-]{1,255}$/, 'write a trust domain, e.g. mesh.example.com, without spiffe://')
    .describe('Name of the trust domain.'),
  tenant: tenantName.optional().describe('Tenant of its workloads; absent: that of the entrypoint.'),
  jwks: jwksSettings
    .optional()
    .describe('Its bundle: keys with `use: jwt-svid`; absent: JWT-SVIDs of this trust domain are not taken.'),
  audiences: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Needed with `jwks`: a JWT-SVID must name at least one of these in `aud`.'),
  algorithms: z
    .array(svidAlgorithm)
    .min(1)
    .default(['ES256'])
    .describe('Signature algorithms of its JWT-SVIDs.'),
})

export const identitySettings = z
  .strictObject({
    issuers: z.array(issuerSettings).default([]).describe('Who may issue access tokens.'),
    clients: z.array(clientSettings).default([]).describe('The clients that are known by name.'),
    unlistedClients: z
      .enum(['accept', 'refuse'])
      .default('accept')
      .describe('Tokens of clients, and of actors (`act`), that `clients` does not list.'),
    workloads: z
      .strictObject({
        trustDomains: z
          .array(trustDomainSettings)
          .default([])
          .describe('SPIFFE trust domains whose workloads may call with their certificate alone.'),
      })
      .prefault({})
      .describe('Callers inside the mesh, known by their SPIFFE ID.'),
    cache: z
      .strictObject({
        maxTokens: z
          .number()
          .int()
          .min(0)
          .default(10_000)
          .describe('Verified tokens kept; 0 switches the cache off.'),
        maxBytes: z
          .number()
          .int()
          .min(0)
          .default(64 * 1024 * 1024)
          .describe('Bytes of tokens and claims kept.'),
      })
      .prefault({})
      .describe('The verified-token cache of this process.'),
  })
  .prefault({})

export type IdentitySettings = z.output<typeof identitySettings>
export type ClientSettings = z.output<typeof clientSettings>
export type TrustDomainSettings = z.output<typeof trustDomainSettings>
export type IssuerSettings = z.output<typeof issuerSettings>
