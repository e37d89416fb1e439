import { z } from 'zod'

/**
 * Records as they are read back by people's tools. Only what these tell is asked for, so that a record with members of
 * a later version is still read; words are any text, because what stands in a file is not to be trusted.
 */

const text = z.string()
const names = z.array(text)
const count = z.number()

const requirement = z.object({ acr: names.optional(), maxAgeSeconds: count.optional() })

const limit = z.object({
  limit: text,
  max: count,
  windowSeconds: count,
  used: count,
  retryAfterSeconds: count,
})

const shadow = z.object({ rule: text, effect: text, outcome: text, wouldDecide: z.boolean() })

const decision = z.object({
  effect: text,
  reasons: z.tuple([text], text),
  rule: text.optional(),
  detail: text.optional(),
  shadow: z.array(shadow),
  degraded: names,
  failure: text.optional(),
  scopes: names.optional(),
  unmet: requirement.optional(),
  marksChallenge: z.boolean().optional(),
  retryAfterSeconds: count.optional(),
  limit: limit.optional(),
})

const credential = z.object({
  issuer: text,
  subject: text,
  kind: text,
  tenant: text,
  client: text.optional(),
  actor: z.object({ issuer: text.optional(), subject: text }).optional(),
  registration: z.object({ kind: text, owner: text.optional() }).optional(),
  session: z.object({ id: text, isDerived: z.boolean() }),
  scopes: names,
  acr: text.optional(),
  amr: names,
  authTime: count.optional(),
  issuedAt: count.optional(),
  expiresAt: count.optional(),
  device: text.optional(),
})

const binding = z.object({
  state: text,
  methods: names,
  isRequired: z.boolean(),
  isCarried: z.boolean(),
})

const subject = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('identified'),
    credential,
    scheme: text.optional(),
    carrier: text.optional(),
    workload: z.object({ id: text }).optional(),
    binding,
  }),
  z.object({ state: z.literal('refused'), failure: text, scheme: text.optional(), detail: text.optional() }),
  z.object({ state: z.literal('anonymous') }),
])

/** Loose: a fact that is not known here is told by its members. */
const facts = z.looseObject({
  action: z.object({ name: text, isKnown: z.boolean(), sensitivity: text, scopes: names }),
  address: z.object({ ip: text.optional(), isUntrusted: z.boolean() }),
  device: z.object({
    id: text.optional(),
    isAttested: z.boolean(),
    posture: z
      .object({
        state: text,
        failure: text.optional(),
        issuer: text.optional(),
        claims: z.record(text, z.unknown()).optional(),
      })
      .optional(),
  }),
})

const past = z.object({
  profile: z.object({ firstSeenMs: count, seen: count, challengedAtMs: count.optional() }).optional(),
  session: z.object({ challengedAtMs: count.optional() }).optional(),
  limits: z.array(limit),
  requestsPerMinute: count.optional(),
  proof: text,
  hop: text,
})

const finding = z.object({
  signal: text,
  reason: text,
  nats: count,
  detail: z.record(text, z.union([text, count, z.boolean()])),
})

const assessment = z.object({
  score: count,
  level: text,
  findings: z.array(finding),
  failed: names,
})

const record = z.object({
  v: z.literal(1),
  id: text,
  at: text.refine((at) => !Number.isNaN(Date.parse(at))),
  config: text,
  trace: text.optional(),
  caller: z.object({ state: text, sans: names }),
  request: z.object({
    method: text,
    scheme: text,
    host: text,
    path: text,
    requestId: text.optional(),
  }),
  entrypoint: text.optional(),
  subject: subject.optional(),
  facts: facts.optional(),
  past: past.optional(),
  assessment: assessment.optional(),
  decision,
  /** `observe`: whatever was decided, the request passed. */
  mode: text.optional(),
  why: text.optional(),
  status: count,
  pseudonyms: names.optional(),
  addresses: z.enum(['prefix', 'pseudonym']).optional(),
  /** The status that the refusal would have had, were it not for observe mode. */
  wouldStatus: count.optional(),
})

/** What is read of an `AuditRecord`; a test holds the two together. */
export type ReadRecord = z.output<typeof record>

/** @returns the record, or in a few words (and none of the line) why this line is none */
export function readRecord(line: string): ReadRecord | string {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    return 'not valid JSON' // the parser's message quotes the line
  }
  if (isOcsf(json)) return 'an OCSF event; give the records of a sink with `format: vigil`'
  const read = record.safeParse(json)
  if (read.success) return read.data
  const path = read.error.issues[0]?.path.join('.') ?? ''
  return path === '' ? 'not a JSON object' : `no record of version 1: look at "${path}"`
}

const isOcsf = (json: unknown): boolean =>
  typeof json === 'object' && json !== null && Object.hasOwn(json, 'class_uid')
