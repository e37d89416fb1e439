import { z } from 'zod'
import { claimName, headerName } from './common.ts'
import { algorithm, jwksSettings } from './identity.ts'

/** A posture older than this says nothing of the device that asks now (contract section 1). */
const MOST_LIFETIME_SECONDS = 600

const postureIssuerSettings = z.strictObject({
  issuer: z.string().min(1).describe('Exact `iss` of its posture tokens.'),
  audiences: z.array(z.string().min(1)).min(1).describe('A token must name at least one of these in `aud`.'),
  jwks: jwksSettings.describe('Where its keys come from.'),
  algorithms: z.array(algorithm).min(1).default(['ES256']).describe('Signature algorithms it may use.'),
  leewaySeconds: z.number().int().min(0).max(60).default(5).describe('Allowed clock difference.'),
  maxLifetimeSeconds: z
    .number()
    .int()
    .min(1)
    .max(MOST_LIFETIME_SECONDS)
    .default(MOST_LIFETIME_SECONDS)
    .describe('Greatest `exp` - `iat`.'),
})

export const postureSettings = z.strictObject({
  header: headerName
    .default('x-device-posture')
    .describe('Header with the posture token (`typ: device-posture+jwt`).'),
  issuers: z
    .array(postureIssuerSettings)
    .min(1)
    .describe('Who may vouch for devices, e.g. the device management.'),
  claims: z
    .array(claimName)
    .default([])
    .describe('Members of its `posture` that conditions may read and records keep.'),
})

export type PostureSettings = z.output<typeof postureSettings>
export type PostureIssuerSettings = z.output<typeof postureIssuerSettings>
