/** A campaign over all cores: batches of cases, each from a seed of its own. */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { addCounts, BATCH_CASES, type Batch, type Counts, type Found, noCounts, WORLDS } from './campaign.ts'

export interface ChecksResult {
  readonly seed: number
  readonly counts: Counts
  readonly seconds: number
  readonly workers: number
  readonly found: readonly Found[]
}

export interface ChecksPlan {
  readonly seed: number
  readonly cases: number
  readonly workers: number
  readonly onCases?: (done: number) => void
}

/** The first batch has the seed of the campaign, so that it can be run again alone. */
export function batchesOf({ seed, cases }: Pick<ChecksPlan, 'seed' | 'cases'>): Omit<Batch, 'onCase'>[] {
  const count = Math.ceil(cases / BATCH_CASES)
  return Array.from({ length: count }, (_, i) => ({
    seed: (seed + i * 7919) & 0x7fff_ffff,
    cases: Math.min(BATCH_CASES, cases - i * BATCH_CASES),
    worlds: WORLDS,
  }))
}

type Told = { readonly done: number; readonly result?: { readonly counts: Counts; readonly found?: Found } }

export async function runChecks(plan: ChecksPlan): Promise<ChecksResult> {
  const { seed, workers, onCases } = plan
  const waiting = batchesOf(plan)
  const counts = noCounts()
  const found: Found[] = []
  const begin = performance.now()
  const children = Array.from({ length: Math.min(workers, waiting.length) }, () =>
    fork(join(import.meta.dirname, 'worker.ts')),
  )
  const work = async (child: ChildProcess) => {
    // Who has found something is enough: what the others are doing they finish.
    for (let batch = waiting.shift(); batch !== undefined && found.length === 0; batch = waiting.shift()) {
      const result = await run(child, batch, onCases)
      addCounts(counts, result.counts)
      if (result.found !== undefined) found.push(result.found)
    }
  }
  try {
    await Promise.all(children.map(work))
  } finally {
    // One that died has been told of already; the others have nothing left to do.
    for (const child of children) if (child.connected) child.disconnect()
  }
  return { seed, counts, seconds: (performance.now() - begin) / 1000, workers: children.length, found }
}

function run(
  child: ChildProcess,
  batch: Omit<Batch, 'onCase'>,
  onCases: ChecksPlan['onCases'],
): Promise<NonNullable<Told['result']>> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      child.off('message', onMessage)
      child.off('exit', onExit)
    }
    const onMessage = ({ done, result }: Told) => {
      onCases?.(done)
      if (result === undefined) return
      stop()
      resolve(result)
    }
    const onExit = (code: number | null) => {
      stop()
      reject(new Error(`a worker ended with ${code} in the batch of seed ${batch.seed}`))
    }
    child.on('message', onMessage)
    child.on('exit', onExit)
    child.send(batch)
  })
}
