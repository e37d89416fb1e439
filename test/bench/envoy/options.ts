import { parseArgs } from 'node:util'
import type { RoundPlan } from './rounds.ts'

export interface Options {
  readonly isQuick: boolean
  readonly json?: string
  readonly plan: RoundPlan
}

export const HELP = `npm run bench:envoy -- [--quick] [--rounds N] [--json FILE]

Measures what a check costs through the real Envoy: Envoy alone, Envoy that asks an empty @grpc/grpc-js handler, and Envoy
that asks Vigil, in turns. One Envoy with one worker, an application on loopback, HTTP/1.1. Before anything counts, each row
must give a good token to the application, with the right identity headers, and must refuse a broken one.
docs/performance.md says what each row means.

  --quick       less than a minute, for CI; without it about seven minutes
  --rounds N    how often each row has its turn
  --json FILE   everything measured, each round, versions and machine
  --help

Results go to standard output, progress to standard error. Envoy and Valkey come with npm run tools. A row whose program is
missing is left out, and the progress says so.

Examples
  npm run bench:envoy -- --quick
  npm run bench:envoy -- --json envoy.json && npm run pictures -- envoy.json

Exit codes
  0   measured, whatever the figures
  1   something did not work, so there is no figure
  2   wrong usage
`

const FULL: RoundPlan = { rounds: 9, warmSeconds: 4, leadSeconds: 0.5, closedSeconds: 2, openSeconds: 2.5 }
const QUICK: RoundPlan = { rounds: 2, warmSeconds: 2, leadSeconds: 0.2, closedSeconds: 0.6, openSeconds: 0.8 }

/** @returns undefined when help is asked for. @throws with a sentence when the arguments are wrong. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return undefined
  const plan = values.quick ? QUICK : FULL
  const rounds = values.rounds === undefined ? plan.rounds : Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds: give a whole number from 1')
  return {
    isQuick: values.quick,
    plan: { ...plan, rounds },
    ...(values.json === undefined ? {} : { json: values.json }),
  }
}
