import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'

export const PARTS = ['checks', 'wire', 'duplicates', 'soak'] as const
export type Part = (typeof PARTS)[number]

/** What runs when nothing is asked for; the others take long, or need a store. */
const USUAL: readonly Part[] = ['checks', 'wire']

/** Cases, connections, duplicates, checks. */
const COUNTS: Readonly<Record<Part, number>> = {
  checks: 1_000_000,
  wire: 20_000,
  duplicates: 1_000_000,
  soak: 10_000_000,
}

export interface Options {
  readonly parts: readonly Part[]
  readonly counts: Readonly<Record<Part, number>>
  readonly seed: number
  readonly workers: number
  readonly json?: string
}

export const HELP = `npm run fuzz -- [--only PART] [--cases N] [--checks N] [--seed S] [--workers N] [--json FILE]

Looks for the one thing that must never happen: a request that is allowed and must not be. docs/fuzzing.md says what is
made, and who says what may be allowed. Without --only: checks and wire.

  --only PART    may be given more than once:
                   checks       changed requests, tokens and proofs under random configurations, in process
                   wire         broken HTTP/2 and gRPC into the port of a running Vigil, over each transport
                   duplicates   the same proofs at four Vigils on one store at once (npm run tools brings the store)
                   soak         mixed traffic for long: memory and handles stay what they are
  --cases N      cases of checks (default ${COUNTS.checks}), duplicates (${COUNTS.duplicates}) or connections of wire (${COUNTS.wire});
                 where checks and wire both run, wire takes a fiftieth of them
  --checks N     checks of each variant of the soak (default ${COUNTS.soak})
  --seed S       the same cases again (duplicates are of chance); default: a random one, which is printed
  --workers N    processes for checks (default: one for each core)
  --json FILE    everything counted, seeds and machine
  --help

A failing case is made as small as it can be and written to test/corpus/, where a test plays it for ever. Results go to
standard output, progress to standard error.

Examples
  npm run fuzz
  npm run fuzz -- --cases 10000 --seed 7
  npm run fuzz -- --only duplicates --cases 100000
  npm run fuzz -- --only soak --json soak.json

Exit codes
  0   nothing was found
  1   something was found, or a part could not run
  2   wrong usage
`

const isPart = (name: string): name is Part => (PARTS as readonly string[]).includes(name)

function count(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name} ${text}: give a whole number above 0`)
  return value
}

/** @returns undefined when help is asked for. @throws with a sentence when the arguments are wrong. */
export function parseOptions(args: readonly string[], randomSeed: () => number): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      cases: { type: 'string' },
      checks: { type: 'string' },
      seed: { type: 'string' },
      workers: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return undefined
  const wrong = values.only.find((name) => !isPart(name))
  if (wrong !== undefined) throw new Error(`--only ${wrong}: give one of ${PARTS.join(', ')}`)
  const parts = values.only.length === 0 ? USUAL : values.only.filter(isPart)
  const cases = count('cases', values.cases)
  const counts =
    cases === undefined
      ? COUNTS
      : {
          ...COUNTS,
          checks: cases,
          duplicates: cases,
          wire: parts.includes('checks') ? Math.max(1, Math.ceil(cases / 50)) : cases,
        }
  return {
    parts,
    counts: { ...counts, soak: count('checks', values.checks) ?? COUNTS.soak },
    seed: count('seed', values.seed) ?? randomSeed(),
    workers: count('workers', values.workers) ?? availableParallelism(),
    ...(values.json === undefined ? {} : { json: values.json }),
  }
}
