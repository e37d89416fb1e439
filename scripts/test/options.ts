/**
 * `unit`: everything without an outside program. `chart`: test/chart. `e2e`: test/integration and test/e2e. Only when asked for,
 * because tools are built first: `release`, test/release (the image and the workflows), and `cluster`, test/cluster.
 */
export type Phase = 'unit' | 'chart' | 'e2e' | 'release' | 'cluster'

/** What one run of `npm test` is asked to do. */
export type Options = {
  phases: readonly Phase[]
  isCoverage: boolean
  /** Lint and typecheck first: only when everything is asked for. */
  isFull: boolean
  /** Handed to jest as they are: path patterns, `-t name`, `-u`. */
  jestArgs: readonly string[]
}

const OWN_FLAGS = new Set(['--unit', '--e2e', '--release', '--cluster', '--coverage'])

/** The first tier of proof. */
const EVERYTHING: readonly Phase[] = ['unit', 'chart', 'e2e']
/** The second, what is quickly done first. */
const SECOND_TIER: readonly Phase[] = ['release', 'cluster']

function phasesOf(args: readonly string[]): readonly Phase[] {
  if (args.includes('--cluster')) return SECOND_TIER
  if (args.includes('--release')) return ['release']
  const isUnit = args.includes('--unit')
  if (isUnit === args.includes('--e2e')) return EVERYTHING
  return isUnit ? ['unit'] : ['chart', 'e2e']
}

/** Reads the arguments of `npm test`; what it does not know belongs to jest. */
export function parseOptions(args: readonly string[]): Options {
  const phases = phasesOf(args)
  const isEverything = phases === EVERYTHING
  const jestArgs = args.filter((arg) => !OWN_FLAGS.has(arg))
  return {
    phases,
    isCoverage: args.includes('--coverage'),
    isFull: isEverything && jestArgs.length === 0,
    jestArgs,
  }
}
