import { z } from 'zod'
import { grpcMethod, hostPattern, name, requirement, sensitivity, tenantName } from './common.ts'

/** `actions`, `risk`, `policy`. */

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

export type ActionSettings = z.output<typeof actionSettings>
export type UnknownActionSettings = z.output<typeof unknownActionSettings>
export type RequirementSettings = z.output<typeof requirement>
export type LimitSettings = z.output<typeof limitSettings>
export type RiskSettings = z.output<typeof riskSettings>
export type RuleSettings = z.output<typeof ruleSettings>
