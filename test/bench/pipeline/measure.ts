import { getHeapStatistics } from 'node:v8'
import { median, quantile } from '../stats.ts'

/** One thing to measure: `batch` does it `calls` times, what stands around it is not counted. */
export interface Case {
  readonly name: string
  batch(calls: number): Promise<void> | void
  prepare?(calls: number): Promise<void> | void
  /** @throws when what was done was not what was meant: a fast refusal is no figure. */
  settle?(): Promise<void> | void
  /** Calls that can be made at all, e.g. because each needs a proof of its own. */
  readonly supply?: number
}

export interface Figure {
  readonly name: string
  readonly medianNs: number
  /** 99th percentile over batches: one slow call is spread over its batch. */
  readonly p99Ns: number
  /** Mean CPU time of all threads, so with garbage collection: also right while others use the machine. */
  readonly cpuNs: number
  /** Bytes allocated on V8's heap by one call; buffers outside of it are not in. */
  readonly bytes: number
  readonly calls: number
}

/** Long against the timer and its call, short enough to have hundreds of them. */
const BATCH_MS = 1
const WARM_SHARE = 0.3

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Measures for about `ms`, of which the first third warms up and finds how many calls make a batch. */
export async function measure(each: Case, ms: number): Promise<Figure> {
  const samples: number[] = []
  let calls = 16
  let made = 0
  let counted = 0
  let bytes = 0
  let cpuUs = 0
  const hasMore = () => each.supply === undefined || made + calls <= each.supply
  const startMs = performance.now()
  const warmUntilMs = startMs + ms * WARM_SHARE
  while (performance.now() < startMs + ms && hasMore()) {
    await each.prepare?.(calls)
    const isWarm = performance.now() >= warmUntilMs
    const one = await runBatch(each, calls)
    await each.settle?.()
    made += calls
    if (isWarm) {
      samples.push(one.ns / calls)
      counted += calls
      bytes += one.bytes
      cpuUs += one.cpuUs
    } else if (one.ns < (BATCH_MS * 1e6) / 2 && calls < 4096) calls *= 2
    // What was deferred (writing records, learning) must not pile up.
    await turn()
  }
  if (counted === 0) throw new Error(`${each.name}: nothing was measured in ${ms} ms`)
  return {
    name: each.name,
    medianNs: Math.round(median(samples)),
    p99Ns: Math.round(quantile(samples, 0.99)),
    cpuNs: Math.round((1000 * cpuUs) / counted),
    bytes: Math.round(bytes / counted),
    calls: counted,
  }
}

interface Batch {
  readonly ns: number
  readonly cpuUs: number
  readonly bytes: number
}

async function runBatch(each: Case, calls: number): Promise<Batch> {
  const before = getHeapStatistics().total_allocated_bytes
  const cpuBefore = process.cpuUsage()
  const start = process.hrtime.bigint()
  const running = each.batch(calls)
  if (running !== undefined) await running
  const ns = Number(process.hrtime.bigint() - start)
  const { user, system } = process.cpuUsage(cpuBefore)
  return { ns, cpuUs: user + system, bytes: getHeapStatistics().total_allocated_bytes - before }
}

/** Where results go, so that no call can be optimised away. */
let kept: unknown

/** A batch that takes the inputs in turn; for functions that answer at once. */
export function inTurn<T>(inputs: readonly T[], run: (input: T) => unknown): (calls: number) => void {
  let at = 0
  return (calls) => {
    for (let i = 0; i < calls; i++) {
      kept = run(inputs[at] as T)
      at = at + 1 === inputs.length ? 0 : at + 1
    }
    if (kept instanceof Promise) throw new Error('this one must be waited for')
  }
}

/** The same for functions that answer later; one call after the other. */
export function inTurnWaiting<T>(
  inputs: readonly T[],
  run: (input: T) => unknown,
): (calls: number) => Promise<void> {
  let at = 0
  return async (calls) => {
    for (let i = 0; i < calls; i++) {
      kept = await run(inputs[at] as T)
      at = at + 1 === inputs.length ? 0 : at + 1
    }
  }
}
