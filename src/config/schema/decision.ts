import { z } from 'zod'
import { corsSettings, loginUrl, resourceMetadataSettings } from './answers.ts'
import {
  enforcementMode,
  grpcMethod,
  headerName,
  hostName,
  hostPattern,
  name,
  requirement,
  seconds,
  sensitivity,
  tenantName,
} from './common.ts'
import { networkSettings, timeSettings } from './context-facts.ts'
import { postureSettings } from './posture.ts'

/** `context`, `actions`, `risk`, `policy`, `enforcement`, `failure`. */

export const contextSettings = z
  .strictObject({
    device: z
      .strictObject({
        idHeader: headerName
          .default('x-device-id')
          .describe('Header in which a client claims its device id.'),
        posture: postureSettings
          .optional()
          .describe('Tokens in which somebody vouches for the state of a device (docs/posture.md).'),
      })
      .prefault({})
      .describe('What clients tell about the device they run on.'),
    network: networkSettings,
    time: timeSettings,
    requestHeaders: z
      .array(headerName)
      .default([])
      .describe(
        'Request headers that conditions may read as `request.headers` and records keep; never credentials.',
      ),
    paths: z
      .strictObject({
        parameters: z.enum(['refuse', 'allow']).default('refuse').describe('A `;` inside a path segment.'),
        encodedSlashes: z
          .enum(['refuse', 'allow'])
          .default('refuse')
          .describe('`%2F` and `%5C` inside a path.'),
      })
      .prefault({})
      .describe('Paths that parsers read in different ways.'),
    mcp: z
      .strictObject({
        versions: z
          .array(z.string().regex(/^\d{4}-\d\d-\d\d$/, 'write a version of MCP, e.g. 2026-07-28'))
          .default(['2026-07-28'])
          .describe(
            'Values of `MCP-Protocol-Version` under which a server must refuse a request whose headers and body disagree. Only then can a tool be told by the headers.',
          ),
      })
      .prefault({})
      .describe('Model Context Protocol.'),
  })
  .prefault({})

const method = z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

export const actionSettings = z.strictObject({
  name: name.describe('Name in conditions, records and metrics.'),
  match: z
    .strictObject({
      methods: z.array(method).min(1).optional().describe('Any of these methods; absent: all.'),
      hosts: z
        .array(hostPattern)
        .min(1)
        .optional()
        .describe('Any of these hosts, `*.example.com` allowed; absent: all.'),
      paths: z
        .array(z.string().startsWith('/'))
        .min(1)
        .optional()
        .describe('Path templates: `{name}` takes one segment, a last `{name...}` the rest.'),
      grpc: z
        .array(grpcMethod)
        .min(1)
        .optional()
        .describe('gRPC `package.Service/Method` or `package.Service/*`.'),
      mcpTools: z
        .array(z.string().min(1).max(256))
        .min(1)
        .optional()
        .describe('Calls of these MCP tools, `*` for any, as the headers of the request name them.'),
    })
    .describe('Which requests stand for this action.'),
  sensitivity: sensitivity.default('medium').describe('What is at stake.'),
  scopes: z
    .array(
      z
        .string()
        .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'write one scope without blanks (RFC 6749 section 3.3)'),
    )
    .default([])
    .describe('Scopes that the token must all hold.'),
  authentication: requirement.optional().describe('What the login must have been like.'),
  anonymous: z
    .boolean()
    .default(false)
    .describe('Callers that show no credential may come. One that shows a bad one may not.'),
})

export const actionsSettings = z.array(actionSettings).default([])

export const unknownActionSettings = z
  .strictObject({
    effect: z
      .enum(['deny', 'evaluate'])
      .default('deny')
      .describe('`deny`, or `evaluate` as an action named `unknown`.'),
    sensitivity: sensitivity.default('medium').describe('Sensitivity of the action `unknown`.'),
  })
  .prefault({})

const limitSettings = z.strictObject({
  name: name.describe('Name in the answer’s reason and in metrics.'),
  per: z.enum(['subject', 'session', 'client', 'address', 'action']).describe('What is counted.'),
  actions: z.array(name).optional().describe('Only these actions count; absent: all.'),
  requests: z.number().int().min(1).describe('Requests that fit into the window.'),
  windowSeconds: z.number().int().min(1).max(86_400).default(60).describe('Length of the sliding window.'),
})

export const riskSettings = z
  .strictObject({
    prior: z.number().gt(0).lt(1).default(0.01).describe('Score of a request about which nothing is known.'),
    limits: z.array(limitSettings).default([]).describe('Hard limits; one more request is answered 429.'),
    signals: z
      .record(z.string(), z.unknown())
      .default({})
      .describe('Settings of each signal by its id; see the signal’s page.'),
  })
  .prefault({})

const shadowShare = z.strictObject({
  percentage: z
    .number()
    .min(0)
    .max(100)
    .optional()
    .describe('In shadow for this share of the sessions, enforced for the rest; absent: all.'),
  tenants: z
    .array(tenantName)
    .min(1)
    .optional()
    .describe('In shadow for these tenants, enforced for the rest; absent: all.'),
})

export const ruleSettings = z.strictObject({
  name: name.describe('Name in records and metrics.'),
  when: z.union([z.string(), z.boolean()]).describe('Condition (CEL); `true` matches always.'),
  effect: z
    .enum(['allow', 'monitor', 'step-up', 'throttle', 'deny'])
    .describe('What follows when the condition holds.'),
  whenUnknown: z
    .enum(['match', 'skip'])
    .optional()
    .describe('What a condition that reads something missing means for a restricting rule.'),
  stepUp: requirement
    .optional()
    .describe('For `step-up`: what the login must be like; default `enforcement.stepUp`.'),
  retryAfterSeconds: z.number().int().min(1).optional().describe('For `throttle`: default 60.'),
  shadow: z
    .union([z.boolean(), shadowShare])
    .default(false)
    .describe('Evaluate and record, do not enforce: `true`, or for a part of the requests.'),
  description: z
    .string()
    .optional()
    .describe('What the rule is for: records tell it when the rule keeps a request from passing.'),
  owner: z.string().min(1).optional().describe('Whose rule it is; records tell it beside the description.'),
  runbook: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Where to read what to do when it acts, such as a URL; records tell it beside the description.',
    ),
})

export const policySettings = z.array(ruleSettings).default([])

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

export type ContextSettings = z.output<typeof contextSettings>
export type ActionSettings = z.output<typeof actionSettings>
export type UnknownActionSettings = z.output<typeof unknownActionSettings>
export type RequirementSettings = z.output<typeof requirement>
export type LimitSettings = z.output<typeof limitSettings>
export type RiskSettings = z.output<typeof riskSettings>
export type RuleSettings = z.output<typeof ruleSettings>
export type EnforcementSettings = z.output<typeof enforcementSettings>
export type FailureSettings = z.output<typeof failureSettings>
export { seconds }
