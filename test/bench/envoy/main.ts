import { envoyPath } from '../../../scripts/tools/locate.ts'
import { runCommand } from '../command.ts'
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
    `\n${machineLine(machine)}, Envoy ${machine.versions['envoy']}\n${pinningSentence}`,
    envoyTables(envoy.rows),
    table([['held to', 'goal', 'measured', ''], ...held]),
  ].join('\n\n')
}

const BENCH = { name: 'npm run bench:envoy', help: HELP, parse: parseOptions, run, render }

process.exitCode = await runCommand(BENCH, process.argv.slice(2))
