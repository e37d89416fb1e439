import { writeFileSync } from 'node:fs'
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

async function main(args: readonly string[]): Promise<number> {
  let options: Options | undefined
  try {
    options = parseOptions(args)
  } catch (error) {
    process.stderr.write(
      `${error instanceof Error ? error.message : error}\nnpm run bench:growth -- --help\n`,
    )
    return 2
  }
  if (options === undefined) {
    process.stdout.write(HELP)
    return 0
  }
  const report = await run(options)
  const head = `${machineLine(report.machine)}\n${pinningSentence}`
  process.stdout.write(`\n${head}\n\n${growthTables(report.growth)}\n`)
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`)
  return 0
}

process.exitCode = await main(process.argv.slice(2))
