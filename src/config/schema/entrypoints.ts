import { z } from 'zod'
import { enforcementMode, headerName, name, origin, tenantName } from './common.ts'

/** `entrypoints`: the Envoys through which checks come, and what each may be trusted with. First match wins. */
export const entrypointSettings = z.strictObject({
  name: name.describe('Name in records, metrics and conditions.'),
  match: z
    .strictObject({
      callerSan: z
        .string()
        .min(1)
        .optional()
        .describe('A SAN of the calling Envoy’s verified client certificate.'),
      destinationPrincipal: z.string().min(1).optional().describe('`destination.principal` of the check.'),
      port: z
        .number()
        .int()
        .min(1)
        .max(65535)
        .optional()
        .describe('`destination.address` port of the check.'),
      extension: z
        .record(z.string(), z.string())
        .optional()
        .describe('Context extensions that must all be equal (per-route `check_settings`).'),
    })
    .default({})
    .describe('All given conditions must hold; an empty match takes every check.'),
  role: z
    .enum(['edge', 'inside'])
    .default('edge')
    .describe('`edge` faces clients; `inside` stands behind an edge.'),
  trustedProxies: z
    .number()
    .int()
    .min(0)
    .max(16)
    .default(0)
    .describe('Trusted proxies in front of this Envoy.'),
  envoyAppends: z
    .boolean()
    .default(true)
    .describe('This Envoy appends the TCP peer to x-forwarded-for (`use_remote_address: true`).'),
  externalOrigins: z
    .array(origin)
    .default([])
    .describe('Origins under which clients reach it; a DPoP proof’s `htu` must name one of them.'),
  peerVerified: z
    .boolean()
    .default(false)
    .describe('This Envoy validates client certificates against a CA, so the peer’s principal is evidence.'),
  xfcc: z.boolean().default(false).describe('Believe the last element of x-forwarded-client-cert.'),
  clientCertFrom: z
    .array(z.string())
    .default([])
    .describe('Proxy addresses (CIDR) whose `Client-Cert` header (RFC 9440) is believed.'),
  fingerprintHeader: headerName
    .optional()
    .describe(
      'Header in which this Envoy tells the fingerprint of the client’s TLS handshake (JA3, JA4); it must overwrite what clients send.',
    ),
  edges: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'For `inside`: principals of the edges that forward to it; they may repeat a hop (router retries).',
    ),
  forwardsCredential: z
    .boolean()
    .default(true)
    .describe(
      'The application sees `Authorization`, `DPoP` and cookies with a token. `false` for an application that could misuse the token elsewhere (MCP), never for an edge with an inside entrypoint behind it. Observe mode lets a token in the query pass all the same.',
    ),
  tenant: tenantName
    .optional()
    .describe('Tenant of everything that comes through here, unless the issuer names one.'),
  mode: enforcementMode
    .optional()
    .describe('`enforce` or `observe` for what comes through here; absent: as `enforcement` says.'),
})

export const entrypointsSettings = z.array(entrypointSettings).default([])
export type EntrypointSettings = z.output<typeof entrypointSettings>
