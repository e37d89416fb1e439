import { parseArgs } from 'node:util'
import { CURVES, type CurveName } from './curves.ts'
import { FULL, type Plan, QUICK } from './plan.ts'

export interface Options {
  readonly curves: readonly CurveName[]
  readonly isQuick: boolean
  readonly json?: string
  readonly plan: Plan
}

export const HELP = `npm run bench:growth -- [--quick] [--only CURVE] [--json FILE]

Measures how the cost of a check grows with what there can be more of:

  identities   1,000 to 1,000,000 known ones, in the memory store and in Redis: bytes for each, CPU per check
  rules        1 to 1,000, as most policies are, and all of them for every request
  in-flight    1 to 1,000 checks at once
  headers      the bytes of a request's headers, up to 60 KB
  processes    1 to 4 Vigils that share one Redis: its CPU per check

Where the machine has fewer cores than processes, believe CPU per check and not checks per second.

  --quick        less than a minute, for CI; without it about ten minutes
  --only CURVE   may be given more than once
  --json FILE    medians with least and greatest, versions and machine
  --help

Results go to standard output, progress to standard error. What needs Redis is left out without Valkey (npm run tools).

Examples
  npm run bench:growth -- --only rules
  npm run bench:growth -- --json growth.json && npm run pictures -- growth.json

Exit codes
  0   measured, whatever the figures
  1   something did not work, so there is no figure
  2   wrong usage
`

/** @returns undefined when help is asked for. @throws with a sentence when the arguments are wrong. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return undefined
  const wrong = values.only.find((name) => !isCurve(name))
  if (wrong !== undefined) throw new Error(`--only ${wrong}: give one of ${CURVES.join(', ')}`)
  return {
    curves: values.only.length === 0 ? CURVES : values.only.filter(isCurve),
    isQuick: values.quick,
    plan: values.quick ? QUICK : FULL,
    ...(values.json === undefined ? {} : { json: values.json }),
  }
}

const isCurve = (name: string): name is CurveName => (CURVES as readonly string[]).includes(name)
