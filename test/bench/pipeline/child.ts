import type { Snapshot } from '../../../src/snapshot.ts'
import { type BenchApp, openBenchApp } from '../app.ts'
import { benchSettings } from '../settings.ts'
import { createMint, jwksOf, makeWorkload } from '../workload.ts'
import { afterCases } from './after.ts'
import { stageCases } from './cases.ts'
import { generations, tokensOfAll } from './generations.ts'
import { type Case, measure } from './measure.ts'
import { pass } from './stages.ts'
import { wholeCases } from './whole.ts'

/** A process of its own for the pipeline: what other parts of the bench have warmed up would tint the figures. */

const USERS = 500
/** Checks before anything counts, per millisecond of a case: with fewer the compiler is still at work. */
const WARM_UP_PER_MS = 30
/** Each can be used once. */
const PROOFS_PER_MS = 5
const LEAST_PROOFS = 200

async function run(msPerCase: number): Promise<void> {
  const measureAll = async (cases: readonly Case[]) => {
    for (const one of cases) {
      process.send?.({ begun: one.name })
      process.send?.({ figure: await measure(one, msPerCase) })
    }
  }
  const workload = makeWorkload(USERS)
  const mint = createMint(workload)
  const bench = await openBenchApp()
  const base = { jwks: jwksOf(workload), records: bench.records }
  await bench.use(benchSettings(base))
  const snapshot = inUse(bench)
  const each = <T>(count: number, make: (user: number) => T) =>
    Array.from({ length: count }, (_, i) => make(i % USERS))
  const bearers = each(USERS, mint.bearer)
  const proven = each(Math.max(LEAST_PROOFS, msPerCase * PROOFS_PER_MS), mint.proven)
  // Tokens enter the cache and the compiler sees the way before anything counts.
  const { handle } = bench.handler()
  const caller = { state: 'unverified', sans: [] } as const
  for (const bytes of each(USERS, mint.proven)) await handle(bytes, caller)
  for (const [turn] of Array.from({ length: Math.ceil((msPerCase * WARM_UP_PER_MS) / USERS) }).entries()) {
    for (const bytes of bearers) await handle(bytes, caller)
    // What follows the answers (records, learning) gets its turn.
    if (turn % 10 === 0) await new Promise((resume) => setImmediate(resume))
  }
  await measureAll(wholeCases(bench, bearers, proven))
  // Stage by stage over identities that have a past by now.
  await bench.app.flush()
  const passed = await Promise.all(bearers.map((bytes) => pass(bytes, snapshot)))
  const bound = await Promise.all(each(USERS, mint.proven).map((bytes) => pass(bytes, snapshot)))
  await measureAll(
    await stageCases(await generations(bench, base), await tokensOfAll(bench, USERS), passed, bound),
  )
  const after = await afterCases(passed, bench.records, bench.meter)
  await measureAll(after.cases)
  await after.close()
  await bench.close()
}

function inUse({ app }: BenchApp): Snapshot {
  const snapshot = app.current()
  if (snapshot === undefined) throw new Error('no configuration is in use')
  return snapshot
}

const [msPerCase = '300'] = process.argv.slice(2)
await run(Number(msPerCase))
process.disconnect?.()
