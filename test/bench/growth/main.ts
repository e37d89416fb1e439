import { runCommand } from '../command.ts'
import { describeMachine, machineLine } from '../machine.ts'
import { pinningSentence } from '../pin.ts'
import { identitiesCurve, rulesCurve } from './child-curves.ts'
import type { CurveName, Growth, Series } from './curves.ts'
import { headersCurve, inFlightCurve, processesCurve } from './grpc-curves.ts'
import { HELP, type Options, parseOptions } from './options.ts'
import type { Plan } from './plan.ts'
import { type GrowthReport, growthTables } from './report.ts'

type Tell = (line: string) => void

const MEASURE: Record<CurveName, (plan: Plan, tell: Tell) => Promise<Series[]>> = {
  identities: (plan, tell) => identitiesCurve(plan.identities, tell),
  rules: (plan, tell) => rulesCurve(plan.rules, tell),
  'in-flight': (plan, tell) => inFlightCurve(plan['in-flight'], tell),
  headers: (plan, tell) => headersCurve(plan.headers, tell),
  processes: (plan, tell) => processesCurve(plan.processes, tell),
}

async function run({ curves, isQuick, plan }: Options): Promise<GrowthReport> {
  const startMs = performance.now()
  const tell = (line: string) => {
    const seconds = Math.round((performance.now() - startMs) / 1000)
    process.stderr.write(`[${seconds} s] ${line}\n`)
  }
  const machine = describeMachine()
  const growth: { -readonly [Name in CurveName]?: Growth[Name] } = {}
  for (const name of curves) growth[name] = await MEASURE[name](plan, tell)
  return { machine, isQuick, growth }
}

const render = ({ machine, growth }: GrowthReport) =>
  `\n${machineLine(machine)}\n${pinningSentence}\n\n${growthTables(growth)}`

const BENCH = { name: 'npm run bench:growth', help: HELP, parse: parseOptions, run, render }

process.exitCode = await runCommand(BENCH, process.argv.slice(2))
