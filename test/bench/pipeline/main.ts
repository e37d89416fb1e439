/** `npm run bench:pipeline`: the decision in process, stage by stage. */
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runCommand } from '../command.ts'
import { describeMachine, type Machine, machineLine } from '../machine.ts'
import { createProgress } from '../progress.ts'
import { type Figure, pipelineSeconds, pipelineTable, runPipeline } from './index.ts'

const HELP = `npm run bench:pipeline -- [--per-case MS] [--json FILE] [--profile FILE] [--flame FILE]

Measures each stage of the decision in process: nanoseconds, CPU and bytes on V8's heap per call. The same as
npm run bench -- --only pipeline, and on request where the time goes.

  --per-case MS   how long each case is measured (default 1500; all of them take about 45 seconds)
  --json FILE     the figures, machine and versions
  --profile FILE  a CPU profile of whole checks, for Chrome's DevTools or speedscope (.cpuprofile)
  --flame FILE    the same as a picture (.svg): width is time, what stands below was called by what stands above
  --help

Examples
  npm run bench:pipeline
  npm run bench:pipeline -- --per-case 200 --json stages.json
  npm run bench:pipeline -- --flame flame.svg
`

interface Options {
  readonly msPerCase: number
  readonly json?: string
  readonly profile?: string
  readonly flame?: string
}

function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'per-case': { type: 'string', default: '1500' },
      json: { type: 'string' },
      profile: { type: 'string' },
      flame: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const { help, 'per-case': perCase, ...files } = values
  if (help) return undefined
  const msPerCase = Number(perCase)
  if (!(msPerCase > 0)) throw new Error('--per-case: give milliseconds')
  return { msPerCase, ...files }
}

interface PipelineReport {
  readonly machine: Machine
  readonly pipeline: readonly Figure[]
}

async function run({ msPerCase, profile, flame }: Options): Promise<PipelineReport> {
  const say = createProgress(
    pipelineSeconds(msPerCase),
    (line) => process.stderr.write(`${line}\n`),
    () => performance.now(),
  )
  const machine = describeMachine()
  const pipeline = await runPipeline(msPerCase, say)
  if (profile !== undefined || flame !== undefined) {
    say('profile', 10)
    writeProfile(profile, flame)
  }
  return { machine, pipeline }
}

function writeProfile(profile = '', flame = ''): void {
  const paths = [profile, flame].map((path) => path && resolve(path))
  const script = join(import.meta.dirname, 'profile.ts')
  const { status } = spawnSync(process.execPath, [script, ...paths], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`the profile ended with ${status}`)
}

const BENCH = {
  name: 'npm run bench:pipeline',
  help: HELP,
  parse: parseOptions,
  run,
  render: ({ machine, pipeline }: PipelineReport) => `\n${machineLine(machine)}\n${pipelineTable(pipeline)}`,
}

process.exitCode = await runCommand(BENCH, process.argv.slice(2))
