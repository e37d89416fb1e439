import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import { z } from 'zod'

/** A golden case as it is written. Misspelt keys are errors, as in a configuration. */

const members = z.record(z.string(), z.unknown())
const time = z.iso.datetime().describe('RFC 3339 in UTC.')

/** Header and claims over those of a plain one; `null` leaves a member out; `iat`, `exp`, … may be RFC 3339 times. */
const jwt = {
  header: members.default({}),
  claims: members.default({}),
}

const token = z.strictObject({
  ...jwt,
  key: z.string().default('idp').describe('Name of the key that signs it (harness/keys.ts).'),
  twice: members.default({}).describe('Claims that stand a second time behind the others.'),
  unsigned: z.boolean().default(false).describe('The third segment stays empty.'),
})

const proof = z.strictObject({
  ...jwt,
  key: z.string().default('phone'),
  token: z.string().describe('Name of the token that it is made for.'),
})

/** The three inputs of a line of `vigil decide`, and the weather. */
const check = {
  at: time,
  caller: z
    .string()
    .nullable()
    .optional()
    .describe('SAN of the calling Envoy; `null`: unverified; absent: that of the case.'),
  request: members
    .default({})
    .describe('CheckRequest in protobuf JSON, laid over a plain one (harness/request.ts).'),
  store: z.enum(['up', 'down']).default('up'),
}

const goldenCase = z.strictObject({
  shows: z.string().describe('One sentence.'),
  config: z
    .union([z.string(), z.looseObject({ from: z.string() })])
    .describe('A file of test/golden/configs, or one and the sections that replace its own.'),
  static: members.default({}).describe('static.yaml, where it matters: callers, acknowledgements.'),
  caller: z.string().nullable().describe('SAN of the Envoy that asks; `null`: unverified.'),
  tokens: z.record(z.string(), token).default({}),
  proofs: z.record(z.string(), proof).default({}),
  before: z
    .array(
      z.strictObject({
        ...check,
        times: z.number().int().min(1).default(1),
        everySeconds: z.number().positive().default(1),
        effect: z.string().optional().describe('What each must get; absent: it must pass.'),
      }),
    )
    .default([])
    .describe('Requests that were there before; only their effect is looked at.'),
  checks: z.array(z.strictObject({ ...check, note: z.string().optional() })).min(1),
})

export type GoldenCase = z.output<typeof goldenCase>
export type GoldenCheck = GoldenCase['checks'][number]
export type TokenPlan = z.output<typeof token>
export type ProofPlan = z.output<typeof proof>

export const GOLDEN = join(import.meta.dirname, '..')
const CASES = join(GOLDEN, 'cases')
const EXPECTED = '.expected.yaml'

const files = readdirSync(CASES).sort()

export const caseNames: readonly string[] = files
  .filter((file) => file.endsWith('.yaml') && !file.endsWith(EXPECTED))
  .map((file) => file.slice(0, -'.yaml'.length))

/** Expectations whose case is gone, and whatever else does not belong there. */
export const orphans: readonly string[] = files.filter(
  (file) => !caseNames.some((name) => file === `${name}.yaml` || file === `${name}${EXPECTED}`),
)

export const expectedFile = (name: string): string => join(CASES, `${name}${EXPECTED}`)

/** @throws with every problem of the file */
export function readCase(name: string): GoldenCase {
  const document = parseDocument(readFileSync(join(CASES, `${name}.yaml`), 'utf8'))
  const [error] = document.errors
  if (error !== undefined) throw new Error(`${name}.yaml: ${error.message}`)
  const read = goldenCase.safeParse(document.toJS())
  if (!read.success) throw new Error(`${name}.yaml:\n${z.prettifyError(read.error)}`)
  return read.data
}
