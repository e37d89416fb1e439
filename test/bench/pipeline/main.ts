/** `npm run bench:pipeline`: the decision in process, stage by stage. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { describeMachine, machineLine } from '../machine.ts'
import { createProgress } from '../progress.ts'
import { pipelineSeconds, pipelineTable, runPipeline } from './index.ts'

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

async function main(args: readonly string[]): Promise<number> {
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
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const msPerCase = Number(values['per-case'])
  if (!(msPerCase > 0)) throw new Error('--per-case: give milliseconds')
  const say = createProgress(
    pipelineSeconds(msPerCase),
    (line) => process.stderr.write(`${line}\n`),
    () => performance.now(),
  )
  const machine = describeMachine()
  const pipeline = await runPipeline(msPerCase, say)
  process.stdout.write(`\n${machineLine(machine)}\n${pipelineTable(pipeline)}\n`)
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ machine, pipeline }, null, 2)}\n`)
  if (values.profile === undefined && values.flame === undefined) return 0
  say('profile', 10)
  const paths = [values.profile, values.flame].map((path) => (path === undefined ? '' : resolve(path)))
  const script = join(import.meta.dirname, 'profile.ts')
  return spawnSync(process.execPath, [script, ...paths], { stdio: 'inherit' }).status ?? 1
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(
    `${error instanceof Error ? error.message : error}\nnpm run bench:pipeline -- --help\n`,
  )
  process.exitCode = 2
}
