import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** On which core a process runs: the subject alone on one, whoever drives it on another. */
export type Core = 'subject' | 'driver'

/**
 * Whether processes can be pinned: with `taskset` and two cores. Elsewhere they share the cores as the system likes,
 * and figures vary more.
 */
export const canPin: boolean =
  availableParallelism() >= 2 && spawnSync('taskset', ['-c', '1', 'true']).status === 0

const numberOf = (core: Core): string => (core === 'subject' ? '1' : '0')

/** Pins a process that runs already, with all its threads. */
export function pinPid(core: Core, pid: number): void {
  if (canPin) spawnSync('taskset', ['-a', '-cp', numberOf(core), String(pid)])
}

/** `fork` options that start Node pinned to a core; V8's helper threads stay there, too. */
export function pinned(core: Core, flags: readonly string[] = []): { execPath: string; execArgv: string[] } {
  if (!canPin) return { execPath: process.execPath, execArgv: [...flags] }
  return { execPath: 'taskset', execArgv: ['-c', numberOf(core), process.execPath, ...flags] }
}

export const pinningSentence: string = canPin
  ? 'the subject is pinned to one core, what drives it to another'
  : 'nothing is pinned (no taskset, or one core): figures vary more'
