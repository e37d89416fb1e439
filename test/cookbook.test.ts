/** docs/cookbook.md: every rule compiles, and every row of its tables is decided through the whole pipeline. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { z } from 'zod'
import { ROOT } from '../scripts/root.ts'
import type { Check, Decision } from '../src/model.ts'
import { openTestApp } from './harness/app.ts'
import { athOf, makeSigner, type ProofSigner, signProof } from './harness/proofs.ts'
import { makeCheck } from './harness/requests.ts'
import { AUDIENCE, issuerOf, keys, mintAccessToken, NOW_MS, signCompact } from './harness/tokens.ts'

const page = readFileSync(join(ROOT, 'docs/cookbook.md'), 'utf8')

const rule = z.looseObject({ name: z.string(), effect: z.string(), shadow: z.boolean().default(false) })
type Rule = z.output<typeof rule>

interface Row {
  readonly request: string
  readonly by: string
  readonly decision: string
}

interface Recipe {
  readonly title: string
  readonly rules: readonly Rule[]
  readonly rows: readonly Row[]
}

const yamlIn = (text: string): unknown => parse(/```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? '')

const [introduction = '', ...sections] = page.split(/^### /m)

const recipes: readonly Recipe[] = sections.map((section) => ({
  title: section.slice(0, section.indexOf('\n')),
  rules: z.array(rule).length(1).parse(yamlIn(section)),
  rows: [...section.matchAll(/^\| `([^`]+)` \| (.+?) \| (.+?) \|$/gm)].map(
    ([, request = '', by = '', decision = '']) => ({ request, by, decision }),
  ),
}))

/** Keys of the issuers instead of a place to fetch them from; everything else is the page's. */
const base = z
  .looseObject({
    identity: z.looseObject({ issuers: z.tuple([z.looseObject({})]) }),
    context: z.looseObject({
      device: z.looseObject({ posture: z.looseObject({ issuers: z.tuple([z.looseObject({})]) }) }),
    }),
  })
  .transform(({ identity, context, ...rest }) => {
    const { jwks } = issuerOf()
    const [issuer] = identity.issuers
    const { posture } = context.device
    const device = { ...context.device, posture: { ...posture, issuers: [{ ...posture.issuers[0], jwks }] } }
    return { ...rest, identity: { issuers: [{ ...issuer, jwks }] }, context: { ...context, device } }
  })
  .parse(yamlIn(introduction))

const settings = (rules: readonly Rule[]) => ({ ...base, policy: rules })

/** The second column: claims, and what the page says stands beside them. Prose says what is not there. */
const plan = z
  .object({
    at: z.string().optional(),
    login: z.number().optional(),
    proof: z.boolean().default(false),
    device: z.string().optional(),
    posture: z.record(z.string(), z.unknown()).optional(),
    region: z.string().optional(),
    before: z.number().default(0),
  })
  .catchall(z.unknown())
type Plan = z.output<typeof plan>

const planOf = (by: string): Plan => plan.parse(by.startsWith('`') ? parse(`{ ${by.slice(1, -1)} }`) : {})

let signer: ProofSigner
beforeAll(async () => {
  signer = await makeSigner('ES256')
})

const posture = (device: string, iat: number, claims: object) =>
  signCompact(
    { typ: 'device-posture+jwt', alg: 'ES256', kid: keys.es256.kid },
    { iss: 'https://mdm.example.com', aud: AUDIENCE, sub: device, iat, exp: iat + 300, posture: claims },
    keys.es256,
  )

let made = 0

function checkOf(request: string, from: Plan, atMs: number): Check {
  const { at: _at, login, proof, device, posture: state, region, before: _before, ...claims } = from
  const [method = '', path = ''] = request.split(' ')
  const iat = Math.floor(atMs / 1000)
  const token = mintAccessToken({
    claims: {
      iat: iat - 1,
      exp: iat + 300,
      ...(login !== undefined && { auth_time: iat - login }),
      ...(device !== undefined && state !== undefined && { device }),
      ...(proof && { cnf: { jkt: signer.jkt } }),
      ...claims,
    },
  })
  const proofClaims = {
    jti: `proof-${++made}`,
    htm: method,
    htu: `${AUDIENCE}${path}`,
    iat,
    ath: athOf(token),
  }
  const headers = {
    authorization: `${proof ? 'DPoP' : 'Bearer'} ${token}`,
    ...(proof && { dpop: signProof(signer, { claims: proofClaims }) }),
    ...(device !== undefined && { 'x-device-id': device }),
    ...(device !== undefined && state !== undefined && { 'x-device-posture': posture(device, iat, state) }),
    ...(region !== undefined && { 'x-region': region }),
  }
  return makeCheck({ id: `check-${made}`, attempt: `attempt-${made}`, atMs, method, path, headers })
}

/** Decides the row, after the requests that this identity sent before from its usual device. */
async function decisionOf({ request, by }: Row, rules: readonly Rule[]): Promise<Decision> {
  const app = await openTestApp(settings(rules))
  const from = planOf(by)
  const atMs = from.at === undefined ? NOW_MS + 1000 : Date.parse(from.at)
  const usual = { ...from, device: from.device === undefined ? undefined : 'phone' }
  for (let i = from.before; i > 0; i--) await app.decide(checkOf('GET /v1/orders', usual, atMs - i * 1000))
  const { decision } = await app.decide(checkOf(request, from, atMs))
  await app.close()
  return decision
}

const NO_DECISION = '–'

test('there are at least 15 recipes, and all of their rules make one policy', async () => {
  expect(recipes.length).toBeGreaterThanOrEqual(15)
  const app = await openTestApp(settings(recipes.flatMap(({ rules }) => rules)))
  await app.close()
})

describe.each(recipes.map((recipe) => [recipe.title, recipe] as const))('%s', (_title, { rules, rows }) => {
  const [{ name, effect, shadow } = { name: '', effect: '', shadow: false }] = rules

  test('has a request that the rule decides, and one that it does not', () => {
    expect(rows.some(({ decision }) => decision === (shadow ? `would ${effect}` : effect))).toBe(true)
    expect(rows.some(({ decision }) => decision === NO_DECISION)).toBe(true)
  })

  test.each(
    rows.map((row) => [row.request, row.by, row.decision, row] as const),
  )('%s by %s: %s', async (_request, _by, expected, row) => {
    const decision = await decisionOf(row, rules)
    const trial = decision.shadow.find((each) => each.rule === name)
    const told = decision.rule === name ? decision.effect : trial && `would ${trial.effect}`
    expect(told ?? NO_DECISION).toBe(expected)
    // The gate must have let it come to the rules, else the dash would say nothing.
    expect(decision.reasons[0]).toMatch(/^policy\.(default|rule|step-up)\./)
  })
})
