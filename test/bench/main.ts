import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { valkeyPath } from '../../scripts/tools/locate.ts'
import { startRedis } from '../harness/redis.ts'
import { drive, type Subject, startServer } from './child.ts'
import type { LoadResult } from './driver.ts'
import { pinningSentence } from './pin.ts'
import { pipelineTable, runPipeline } from './pipeline/index.ts'
import { median, spread, table } from './stats.ts'
import { createMint, jwksOf, makeWorkload, type Workload } from './workload.ts'

const HELP = `npm run bench -- [--quick] [--json FILE]

Compares Vigil with an empty @grpc/grpc-js handler in the same run, in interleaved rounds. Ratios count: absolute figures
depend on the machine and on what else it does.

  --only pipeline   the decision in process, stage by stage
  --quick       3 short rounds, about a minute
  --json FILE   writes every round, versions and machine
`

interface Round {
  readonly subject: string
  readonly closed: LoadResult
  readonly cpuUsPerCheck: number
}

const say = (line: string) => process.stderr.write(`${line}\n`)

/** CPU per check depends on the load, so it is read at this one. */
const FIXED_PER_SECOND = 1000

interface Load {
  readonly jwks: string
  readonly messages: readonly Buffer[]
}

function loadOf(workload: Workload): Load {
  const { bearer } = createMint(workload)
  return {
    jwks: JSON.stringify(jwksOf(workload)),
    messages: Array.from({ length: workload.users }, (_, i) => bearer(i)),
  }
}

async function round(subject: Subject, workload: Load, seconds: number): Promise<Round> {
  const plan = { address: subject.address, messages: workload.messages, seconds, inFlight: 50 }
  const closed = await drive(plan)
  const before = await subject.usage()
  const open = await drive({ ...plan, perSecond: FIXED_PER_SECOND })
  const after = await subject.usage()
  for (const { answered, passed, failed } of [closed, open]) {
    if (failed > 0 || passed !== answered || answered === 0)
      throw new Error(`${subject.name}: ${passed} of ${answered} passed, ${failed} failed`)
  }
  return { subject: subject.name, closed, cpuUsPerCheck: (after.cpuUs - before.cpuUs) / open.answered }
}

async function compare(
  subjects: readonly Subject[],
  workload: Load,
  rounds: number,
  seconds: number,
): Promise<Round[]> {
  const results: Round[] = []
  for (const subject of subjects) await round(subject, workload, seconds) // warm-up, not counted
  for (let i = 0; i < rounds; i++) {
    for (const subject of subjects) {
      const result = await round(subject, workload, seconds)
      results.push(result)
      say(
        `round ${i + 1}/${rounds}  ${subject.name.padEnd(14)} ${String(result.closed.perSecond).padStart(6)}/s  ${result.cpuUsPerCheck.toFixed(0).padStart(4)} us CPU a check at ${FIXED_PER_SECOND}/s`,
      )
    }
  }
  return results
}

/** Ratios are taken round by round, because the machine's speed drifts. */
function report(results: readonly Round[], names: readonly string[]): string {
  const of = (name: string) => results.filter((result) => result.subject === name)
  const empty = of('empty')
  const rows = names.map((name) => {
    const rates = of(name).map((result) => result.closed.perSecond)
    const ratios = rates.map((rate, i) => rate / (empty[i]?.closed.perSecond ?? Number.NaN))
    const { median: middle, min, max } = spread(ratios)
    return [
      name,
      String(median(rates)),
      `${middle.toFixed(2)} (${min.toFixed(2)}-${max.toFixed(2)})`,
      median(of(name).map((result) => result.cpuUsPerCheck)).toFixed(0),
      String(median(of(name).map((result) => result.closed.p50Us))),
      String(median(of(name).map((result) => result.closed.p99Us))),
    ]
  })
  return table([
    ['', 'checks/s', 'ratio to empty (range)', `CPU us at ${FIXED_PER_SECOND}/s`, 'p50 us', 'p99 us'],
    ...rows,
  ])
}

/** Resident memory that live identities add, over an empty handler that saw the same load. */
async function memory(subjects: readonly Subject[], identities: number): Promise<string> {
  say(`memory: ${identities} identities`)
  const workload = loadOf(makeWorkload(identities, 'Ed25519'))
  const vigil = await startServer('vigil memory', 'vigil-server.ts', [workload.jwks])
  const grown: number[] = []
  for (const subject of [subjects[0], vigil]) {
    if (subject === undefined) continue
    const plan = { address: subject.address, messages: workload.messages, inFlight: 50 }
    await drive({ ...plan, messages: workload.messages.slice(0, 500), seconds: 1 })
    const before = await subject.usage()
    await drive({ ...plan, seconds: Math.max(3, identities / 2500) })
    grown.push(((await subject.usage()).rssBytes - before.rssBytes) / 1e6)
  }
  await vigil.stop()
  const [empty = 0, added = 0] = grown
  return `memory: up to ${identities} identities added ${added.toFixed(0)} MB, the same load added ${empty.toFixed(0)} MB to the empty handler`
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      json: { type: 'string' },
      only: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return void process.stdout.write(HELP)
  if (values.only === 'pipeline') {
    const figures = await runPipeline(values.quick ? 200 : 1000, say)
    process.stdout.write(`\n${pinningSentence}\n${pipelineTable(figures)}\n`)
    if (values.json !== undefined)
      writeFileSync(values.json, `${JSON.stringify({ pipeline: figures }, null, 2)}\n`)
    return
  }
  const [rounds, seconds] = values.quick ? [3, 1.5] : [7, 4]
  const workload = loadOf(makeWorkload(500))
  const valkey = valkeyPath()
  const redis = valkey === undefined ? undefined : await startRedis({ server: valkey })
  if (redis === undefined) say('no Valkey: run `npm run tools` for the Redis rows')
  const subjects = [
    await startServer('empty', 'empty-server.ts', []),
    await startServer('vigil memory', 'vigil-server.ts', [workload.jwks]),
    ...(redis === undefined
      ? []
      : [await startServer('vigil redis', 'vigil-server.ts', [workload.jwks, String(redis.port)])]),
  ]
  try {
    const results = await compare(subjects, workload, rounds, seconds)
    const text = report(
      results,
      subjects.map(({ name }) => name),
    )
    const grown = await memory(subjects, values.quick ? 10_000 : 100_000)
    const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`
    process.stdout.write(`\n${machine}\n${text}\n${grown}\n`)
    if (values.json !== undefined) {
      const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: object }
      writeFileSync(
        values.json,
        `${JSON.stringify({ machine, dependencies, rounds: results, memory: grown }, null, 2)}\n`,
      )
    }
  } finally {
    for (const subject of subjects) await subject.stop()
    await redis?.stop()
  }
}

await main()
