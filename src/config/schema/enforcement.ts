import { z } from 'zod'
import { corsSettings, loginUrl, resourceMetadataSettings } from './answers.ts'
import { enforcementMode, hostName, requirement, tenantName } from './common.ts'

/** `enforcement` and `failure`: what follows from a decision, and from what could not be decided. */

export const enforcementSettings = z
  .strictObject({
    mode: enforcementMode
      .default('enforce')
      .describe(
        '`enforce`, or `observe`: everything is decided and recorded, and every request passes. Needs `acknowledge.observe`.',
      ),
    tenants: z
      .record(tenantName, enforcementMode)
      .default({})
      .describe('Mode of a tenant by its name. Where entrypoint, tenant and host differ, `enforce` wins.'),
    hosts: z
      .record(hostName, enforcementMode)
      .default({})
      .describe('Mode of a host by its name, `*.example.com` allowed.'),
    percentage: z
      .number()
      .min(0)
      .max(100)
      .default(100)
      .describe('Share of the sessions that is observed where the mode is `observe`; the rest is enforced.'),
    stepUp: requirement
      .default({ maxAgeSeconds: 300 })
      .describe('What step-up asks for when the rule or action does not say.'),
    realm: z
      .string()
      .optional()
      .describe('`realm` of challenges; a challenge that has nothing to say without one names `vigil`.'),
    problemBase: z
      .string()
      .default('urn:vigil:problem:')
      .describe('Prefix of the `type` of problem bodies; a URL of your own documentation is best.'),
    rateLimitHeaders: z
      .boolean()
      .default(false)
      .describe('Send RateLimit and RateLimit-Policy (draft) with quota answers.'),
    retryAfterSeconds: z.number().int().min(1).default(1).describe('`Retry-After` of 503 answers.'),
    loginUrl: loginUrl.optional(),
    resourceMetadata: resourceMetadataSettings,
    cors: corsSettings.describe('Pages of other origins whose scripts call.'),
  })
  .prefault({})

const failureChoice = z.enum(['degrade', 'unavailable'])

const failureRow = z
  .strictObject({
    low: failureChoice.default('degrade').describe('For actions of low sensitivity.'),
    medium: failureChoice.default('degrade').describe('For actions of medium sensitivity.'),
    high: failureChoice.default('unavailable').describe('For actions of high sensitivity.'),
    critical: failureChoice.default('unavailable').describe('For actions of critical sensitivity.'),
  })
  .prefault({})

export const failureSettings = z
  .strictObject({
    store: failureRow.describe('Store unreachable or over its budget: baselines and rates.'),
    replay: failureRow.describe(
      'Replay store unreachable. `degrade`: local replay cache and a nonce at most 30 s old.',
    ),
  })
  .prefault({})

export type EnforcementSettings = z.output<typeof enforcementSettings>
export type FailureSettings = z.output<typeof failureSettings>
