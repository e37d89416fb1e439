import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { openBenchApp } from '../app.ts'
import { benchSettings } from '../settings.ts'
import { createMint, jwksOf, makeWorkload } from '../workload.ts'
import { flameGraph } from './flame.ts'

/** A process of its own that decides so many checks, most of them under V8's profiler, and writes what it saw. */

const USERS = 500
const AT_ONCE = 25
const WARM_UP = 40_000
const COUNTED = 150_000
const SAMPLE_US = 100
const CALLER = { state: 'unverified', sans: [] } as const

async function run(profilePath: string, flamePath: string): Promise<void> {
  const workload = makeWorkload(USERS)
  const mint = createMint(workload)
  const bench = await openBenchApp()
  await bench.use(benchSettings({ jwks: jwksOf(workload), records: bench.records }))
  const messages = Array.from({ length: USERS }, (_, user) => mint.bearer(user))
  const { handle } = bench.handler()
  const ask = async (count: number) => {
    for (let i = 0; i < count; i += AT_ONCE) {
      const asked = Array.from({ length: AT_ONCE }, (_, j) =>
        handle(messages[(i + j) % USERS] as Buffer, CALLER),
      )
      await Promise.all(asked)
    }
  }
  await ask(WARM_UP)
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_US })
  await session.post('Profiler.start')
  await ask(COUNTED)
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  if (profilePath !== '') writeFileSync(profilePath, JSON.stringify(profile))
  const { samples = [], timeDeltas = [] } = profile
  if (flamePath !== '') writeFileSync(flamePath, flameGraph({ ...profile, samples, timeDeltas }))
  await bench.close()
}

const [profilePath = '', flamePath = ''] = process.argv.slice(2)
await run(profilePath, flamePath)
