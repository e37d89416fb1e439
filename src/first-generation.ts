import type { Io } from './cli/io.ts'
import { formatProblem, summarise } from './config/format.ts'
import type { Kept, LastGood } from './config/last-good.ts'
import type { LocatedProblem } from './config/located.ts'
import type { Read } from './config/read.ts'
import type { Compiled } from './errors.ts'
import type { Log } from './ports.ts'

export interface FirstDeps<T> {
  /** Reads and compiles what is mounted. */
  readonly read: () => Promise<Read<T>>
  /** Compiles what was kept. */
  readonly restore: (settings: unknown) => Compiled<T>
  readonly lastGood: Pick<LastGood, 'recall'>
  /** With the memory store nothing is ever kept, so nobody is told that nothing is. */
  readonly isShared: boolean
  readonly log: Log
  readonly io: Pick<Io, 'stderr'>
}

/** What a process begins with. */
export interface First<T> {
  readonly value: T
  readonly warnings?: readonly LocatedProblem[]
  /** What is wrong with what is mounted, where it begins with the last good configuration. */
  readonly refused?: readonly LocatedProblem[]
  /** Since when that one has been in use, epoch ms. */
  readonly sinceMs?: number
}

/** Problems in one line of the log; standard error has all of them. */
const MAX_TOLD = 5

/** The mounted configuration; where that is bad the last good one, loudly. @returns undefined when there is none */
export async function firstGeneration<T>(deps: FirstDeps<T>): Promise<First<T> | undefined> {
  const mounted = await deps.read()
  if (mounted.ok) return mounted
  const { problems } = mounted
  for (const problem of problems) deps.io.stderr(`${formatProblem(problem)}\n`)
  const kept = await recall(deps)
  if (typeof kept === 'string') {
    if (deps.isShared) deps.io.stderr(`vigil: there is no last good configuration to start from: ${kept}\n`)
    return undefined
  }
  const { value, hash, sinceMs } = kept
  deps.log.error('configuration refused at the start, the last good one from the store is used', {
    hash,
    since: new Date(sinceMs).toISOString(),
    problems: problems.slice(0, MAX_TOLD).map(summarise),
    count: problems.length,
  })
  return { value, refused: problems, sinceMs }
}

async function recall<T>({ lastGood, restore }: FirstDeps<T>): Promise<(Kept & { value: T }) | string> {
  const kept = await lastGood.recall()
  if (typeof kept === 'string') return kept
  const restored = restore(kept.settings)
  if (restored.ok) return { ...kept, value: restored.value }
  const [first] = restored.problems
  const where = first === undefined ? '' : `${first.path.join('.')}: ${first.message}`
  return `what is kept is not good here (${where})`
}
