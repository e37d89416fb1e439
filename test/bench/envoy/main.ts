import { writeFileSync } from 'node:fs'
import { envoyPath } from '../../../scripts/tools/locate.ts'
import { describeMachine, type Machine, machineLine } from '../machine.ts'
import { pinningSentence } from '../pin.ts'
import { createProgress } from '../progress.ts'
import { table } from '../stats.ts'
import type { Goal } from '../verdict.ts'
import { type EnvoyResult, envoySeconds, runEnvoy } from './index.ts'
import { HELP, type Options, parseOptions } from './options.ts'
import { envoyTables, judgeEnvoy } from './report.ts'

/** What `--json` writes. */
export interface EnvoyReport {
  readonly machine: Machine
  readonly isQuick: boolean
  readonly envoy: EnvoyResult
  readonly goals: readonly Goal[]
}

async function run({ plan, isQuick }: Options): Promise<EnvoyReport> {
  if (envoyPath() === undefined) throw new Error('no Envoy: run `npm run tools`')
  const say = createProgress(
    envoySeconds(plan),
    (line) => process.stderr.write(`${line}\n`),
    () => performance.now(),
  )
  const machine = describeMachine()
  const envoy = await runEnvoy(plan, say)
  return { machine, isQuick, envoy, goals: judgeEnvoy(envoy.rows) }
}

function render({ machine, envoy, goals }: EnvoyReport): string {
  const held = goals.map(({ name, goal, measured, verdict }) => [name, goal, measured, verdict])
  return [
    `${machineLine(machine)}, Envoy ${machine.versions['envoy']}\n${pinningSentence}`,
    envoyTables(envoy.rows),
    table([['held to', 'goal', 'measured', ''], ...held]),
  ].join('\n\n')
}

async function main(args: readonly string[]): Promise<number> {
  let options: Options | undefined
  try {
    options = parseOptions(args)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\nnpm run bench:envoy -- --help\n`)
    return 2
  }
  if (options === undefined) {
    process.stdout.write(HELP)
    return 0
  }
  const report = await run(options)
  process.stdout.write(`\n${render(report)}\n`)
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`)
  return 0
}

process.exitCode = await main(process.argv.slice(2))
