import { settings as schema } from '../../../src/config/schema/settings.ts'
import type { Snapshot } from '../../../src/snapshot.ts'
import type { BenchApp } from '../app.ts'
import { rulesOfMany } from '../rules.ts'
import { type BenchOptions, benchSettings, rulesForAll } from '../settings.ts'
import { createMint, jwksOf, makeWorkload, type Workload } from '../workload.ts'
import type { Generations, Tokens } from './cases.ts'
import { pass } from './stages.ts'

const ALGORITHMS: readonly Workload['alg'][] = ['ES256', 'RS256', 'Ed25519']

async function compile({ app }: BenchApp, options: BenchOptions): Promise<Snapshot> {
  const compiled = app.compile(schema.parse(benchSettings(options)), 'bench')
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  await compiled.value.tokens.start()
  return compiled.value
}

export async function generations(bench: BenchApp, base: BenchOptions): Promise<Generations> {
  const of = (more: Partial<BenchOptions>) => compile(bench, { ...base, ...more })
  return {
    base: await of({}),
    policies: new Map([
      ['1 rule', await of({ ofTheTen: 1 })],
      ['10 rules', await of({})],
      ['100 rules, most of one action each', await of(rulesOfMany(100))],
      ['1,000 rules, most of one action each', await of(rulesOfMany(1000))],
    ]),
    thousandForAll: await of({ moreRules: rulesForAll(1000) }),
  }
}

/** Tokens of so many users, by each algorithm that an issuer may use. */
export function tokensOfAll(bench: BenchApp, users: number): Promise<Tokens[]> {
  return Promise.all(
    ALGORITHMS.map(async (alg) => {
      const workload = makeWorkload(users, alg)
      const base = { jwks: jwksOf(workload) }
      const cached = await compile(bench, base)
      const uncached = await compile(bench, { ...base, maxTokens: 0 })
      const mint = createMint(workload)
      const messages = Array.from({ length: users }, (_, user) => mint.bearer(user))
      return {
        alg,
        cached,
        uncached,
        bearers: await Promise.all(messages.map((bytes) => pass(bytes, cached))),
      }
    }),
  )
}
