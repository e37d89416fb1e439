import { z } from 'zod'
import { webOrigin } from './common.ts'

/** Parts of `enforcement` that are for certain callers: browsers, clients that look for an authorization server. */

export const corsSettings = z
  .strictObject({
    origins: z
      .array(webOrigin)
      .default([])
      .describe(
        'Pages of these origins may call: their preflights pass to the application, and their scripts can read refusals.',
      ),
    credentials: z
      .boolean()
      .default(false)
      .describe(
        'Send `access-control-allow-credentials: true` with refusals, for requests that carry cookies.',
      ),
  })
  .prefault({})

export const loginUrl = z
  .string()
  .min(1)
  .describe(
    'Login route of the application, an address or a path: a step-up sends a browser there that is about to show a page. `{acr}`, `{max_age}` and `{return_to}` are values of its parameters. Absent: a page that asks for a login.',
  )

const resourceSettings = z.strictObject({
  resource: z.string().min(1).describe('Resource identifier: the https URL under which clients know it.'),
  authorizationServers: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Issuers of its tokens; absent: all of `identity.issuers`.'),
  scopes: z.array(z.string().min(1)).optional().describe('Its scopes; absent: those of all actions.'),
  name: z.string().min(1).optional().describe('Its name, for people.'),
  documentation: z.string().url().optional().describe('Page for its developers.'),
  dpopRequired: z.boolean().default(false).describe('It takes DPoP-bound tokens only.'),
  certificateBoundTokens: z.boolean().default(false).describe('It takes certificate-bound tokens.'),
})

export const resourceMetadataSettings = z
  .array(resourceSettings)
  .default([])
  .describe(
    'Protected resources whose metadata (RFC 9728) are told at `/.well-known/oauth-protected-resource…` and named in challenges.',
  )
