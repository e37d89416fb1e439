/**
 * `unit`: everything without an outside program. `e2e`: test/chart, test/integration and test/e2e. `cluster`: test/cluster,
 * only when asked for, because its tools are built first.
 */
export type Phase = 'unit' | 'e2e' | 'cluster'

/** What one run of `npm test` is asked to do. */
export type Options = {
  phases: readonly Phase[]
  isCoverage: boolean
  /** Lint and typecheck first: only when everything is asked for. */
  isFull: boolean
  /** Handed to jest as they are: path patterns, `-t name`, `-u`. */
  jestArgs: readonly string[]
}

const OWN_FLAGS = new Set(['--unit', '--e2e', '--cluster', '--coverage'])

/** Reads the arguments of `npm test`; what it does not know belongs to jest. */
export function parseOptions(args: readonly string[]): Options {
  const isUnit = args.includes('--unit')
  const isE2e = args.includes('--e2e')
  const isCluster = args.includes('--cluster')
  const isEverything = isUnit === isE2e && !isCluster
  const jestArgs = args.filter((arg) => !OWN_FLAGS.has(arg))
  return {
    phases: isEverything ? ['unit', 'e2e'] : [isCluster ? 'cluster' : isUnit ? 'unit' : 'e2e'],
    isCoverage: args.includes('--coverage'),
    isFull: isEverything && jestArgs.length === 0,
    jestArgs,
  }
}
