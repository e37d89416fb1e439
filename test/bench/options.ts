import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { RoundPlan } from './grpc/index.ts'
import { RATES } from './grpc/plan.ts'
import type { MemoryPlan } from './memory/index.ts'

export const PARTS = ['pipeline', 'grpc', 'memory', 'start'] as const
export type Part = (typeof PARTS)[number]

export interface Options {
  readonly parts: readonly Part[]
  readonly isQuick: boolean
  readonly json?: string
  readonly msPerCase: number
  readonly rounds: RoundPlan
  readonly memory: MemoryPlan
  readonly starts: number
}

export const HELP = `npm run bench -- [--quick] [--only PART] [--rounds N] [--rows TEXT] [--against DIR] [--flags=TEXT] [--json FILE]

Measures Vigil on this machine: the decision in process stage by stage, gRPC against an empty @grpc/grpc-js handler and
against heimdall and Authorino in interleaved rounds, memory, and the time to start. Says which goals are met. Ratios
count: absolute figures depend on the machine and on what else it does. docs/performance.md says what each row means.

  --quick         less than a minute in all, for CI: no heimdall, no Authorino, no row with two cores; without it about a
                  quarter of an hour
  --only PART     pipeline, grpc, memory or start; may be given more than once (npm run bench:grpc is --only grpc)
  --rounds N      grpc: how often each row has its turn; more rounds give a narrower interval
  --rows TEXT     grpc: only rows whose names hold this, and the empty handler; may be given more than once
  --against DIR   grpc: the Vigil of another checkout takes turns with this one; DIR is its root, with node_modules
  --flags=TEXT    grpc: Vigil under these flags of Node takes turns with that under its own, on one core and on two; may be
                  given more than once
  --json FILE     everything measured, each round, goals, versions and machine
  --per-case MS   pipeline: how long each case is measured
  --help

Results go to standard output, progress to standard error. With taskset and two cores the server has one of them to
itself. Rows that need a program which is not there are left out, and it is said which:
  npm run tools             Valkey, for the rows with Redis
  npm run tools -- --peers  heimdall and Authorino, built from source: minutes the first time

Examples
  npm run bench -- --quick
  npm run bench -- --only pipeline
  npm run bench -- --only grpc --only memory --json bench.json
  npm run bench:grpc -- --rows "memory store" --rows heimdall --rounds 3
  npm run bench:grpc -- --rows "memory store" --flags="--max-semi-space-size=16 --heap-growing-percent=80"
  git worktree add ../before HEAD~1 && npm ci --ignore-scripts --prefix ../before
  npm run bench:grpc -- --against ../before

Exit codes
  0   measured, whatever the figures
  1   something did not work, so there is no figure
  2   wrong usage
`

const open = (...seconds: readonly number[]) =>
  RATES.map((perSecond, i) => ({ perSecond, seconds: seconds[i] ?? 0 }))

const FULL = {
  msPerCase: 1500,
  rounds: {
    rounds: 7,
    warmCalls: 30_000,
    leadSeconds: 0.5,
    closedSeconds: 1.5,
    open: open(3, 2),
    hasAllRows: true,
  },
  // The token cache has its default size.
  memory: { identities: 100_000, maxTokens: 10_000, settleMs: 2000 },
  starts: 5,
} as const

const QUICK = {
  msPerCase: 120,
  rounds: {
    rounds: 3,
    warmCalls: 12_000,
    leadSeconds: 0.2,
    closedSeconds: 0.5,
    open: open(0.4, 0.3),
    hasAllRows: false,
  },
  memory: { identities: 4000, maxTokens: 1000, settleMs: 500 },
  starts: 3,
} as const

/** @returns undefined when help is asked for. @throws with a sentence when the arguments are wrong. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      rows: { type: 'string', multiple: true },
      against: { type: 'string' },
      flags: { type: 'string', multiple: true },
      json: { type: 'string' },
      'per-case': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return undefined
  const wrong = values.only.find((name) => !isPart(name))
  if (wrong !== undefined) throw new Error(`--only ${wrong}: give one of ${PARTS.join(', ')}`)
  const base = values.quick ? QUICK : FULL
  const msPerCase = values['per-case'] === undefined ? base.msPerCase : Number(values['per-case'])
  if (!(msPerCase > 0)) throw new Error('--per-case: give milliseconds')
  const rounds = values.rounds === undefined ? base.rounds.rounds : Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds: give a number of rounds')
  const { against, rows, flags } = values
  if (flags?.some((text) => !/^--\S+( --\S+)*$/.test(text)))
    throw new Error('--flags: give flags of Node in one text, with one space between two of them')
  if (against !== undefined && !existsSync(join(against, 'test/bench/grpc/vigil-server.ts')))
    throw new Error(`--against ${against}: give the root of a checkout of Vigil`)
  return {
    ...base,
    rounds: { ...base.rounds, rounds, only: rows, flags, against: against && resolve(against) },
    msPerCase,
    parts: values.only.length === 0 ? PARTS : values.only.filter(isPart),
    isQuick: values.quick,
    ...(values.json === undefined ? {} : { json: values.json }),
  }
}

const isPart = (name: string): name is Part => (PARTS as readonly string[]).includes(name)
