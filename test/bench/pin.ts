import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** On which core a process runs: the subject alone on one or on a pair, whoever drives it on another. */
export type Core = 'subject' | 'pair' | 'driver'

/**
 * Whether processes can be pinned: with `taskset` and two cores. Elsewhere they share the cores as the system likes,
 * and figures vary more.
 */
export const canPin: boolean =
  availableParallelism() >= 2 && spawnSync('taskset', ['-c', '1', 'true']).status === 0

/** A machine with two cores has none left for the driver beside a pair: then they share. */
const NUMBERS: Readonly<Record<Core, string>> = {
  driver: '0',
  subject: '1',
  pair: availableParallelism() > 2 ? '1,2' : '0,1',
}

/** Pins a process that runs already, with all its threads. */
export function pinPid(core: Core, pid: number): void {
  if (canPin) spawnSync('taskset', ['-a', '-cp', NUMBERS[core], String(pid)])
}

/** `fork` options that start Node pinned to a core; V8's helper threads stay there, too. */
export function pinned(core: Core, flags: readonly string[] = []): { execPath: string; execArgv: string[] } {
  const [execPath = '', ...execArgv] = pinnedCommand(core, process.execPath, flags)
  return { execPath, execArgv }
}

/** A program and its arguments, pinned to a core. */
export const pinnedCommand = (core: Core, program: string, args: readonly string[]): string[] => [
  ...(canPin ? ['taskset', '-c', NUMBERS[core]] : []),
  program,
  ...args,
]

export const pinningSentence: string = canPin
  ? 'the subject is pinned to one core, what drives it to another'
  : 'nothing is pinned (no taskset, or one core): figures vary more'
