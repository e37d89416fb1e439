import { silentMeter } from '../../../src/ports.ts'
import { openBenchApp } from '../app.ts'
import { benchSettings } from '../settings.ts'
import { createMint, jwksOf, makeWorkload } from '../workload.ts'
import { type Cell, inTurns } from './curves.ts'
import type { RulesPlan } from './plan.ts'
import { globalPolicy, mixedPolicy, moreActions } from './policies.ts'
import { cpuUsPerCheck } from './whole.ts'

/** A process of its own: whole decisions, bytes to bytes, memory store, under policies of many sizes. */

const USERS = 500
const SHAPES = { 'as most policies are': mixedPolicy, 'all for every request': globalPolicy }

interface Policy extends Cell {
  measure(checks: number): Promise<number>
}

async function run({ counts, rounds, checks }: RulesPlan): Promise<void> {
  const workload = makeWorkload(USERS)
  const mint = createMint(workload)
  const messages = Array.from({ length: USERS }, (_, user) => mint.bearer(user))
  const closes: (() => Promise<void>)[] = []
  const open = async (
    series: string,
    x: number,
    make: (typeof SHAPES)[keyof typeof SHAPES],
  ): Promise<Policy> => {
    process.send?.({ begun: `rules: ${x.toLocaleString('en')}, ${series}` })
    const bench = await openBenchApp(undefined, { meter: silentMeter, close: async () => undefined })
    const settings = benchSettings({ jwks: jwksOf(workload), moreActions }) as { policy: object[] }
    await bench.use({ ...settings, policy: make(x, settings.policy) })
    closes.push(bench.close)
    const measure = (count: number) => cpuUsPerCheck(bench, messages, count)
    await measure(checks)
    return { series, x, measure }
  }
  const policies: Policy[] = []
  for (const [series, make] of Object.entries(SHAPES))
    for (const count of counts) policies.push(await open(series, count, make))
  process.send?.({ begun: 'rules: in turns' })
  const series = await inTurns(policies, rounds, async ({ measure }) => ({ cpuUs: await measure(checks) }))
  process.send?.({ value: series })
  for (const close of closes) await close()
}

await run(JSON.parse(process.argv[2] ?? '') as RulesPlan)
process.disconnect?.()
