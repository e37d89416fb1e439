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
const FIRST_CALLS = 16
const MOST_CALLS = 4096
const LEAST_BATCHES = 20

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Measures for about `ms`, of which the first third warms up and finds how many calls make a batch. */
export async function measure(each: Case, ms: number): Promise<Figure> {
  const supply = each.supply ?? Number.POSITIVE_INFINITY
  // However slow the machine: some batches must be left to be counted.
  const most = Math.min(MOST_CALLS, Math.max(1, Math.floor(supply / LEAST_BATCHES)))
  let calls = Math.min(FIRST_CALLS, most)
  let made = 0
  const counted: Batch[] = []
  const startMs = performance.now()
  const warmUntilMs = startMs + ms * WARM_SHARE
  const isDue = () => counted.length === 0 || performance.now() < startMs + ms
  while (isDue() && made + calls <= supply) {
    await each.prepare?.(calls)
    // The last of a short supply counts, warm or not.
    const isWarm = performance.now() >= warmUntilMs || made + 2 * calls > supply
    const batch = await runBatch(each, calls)
    await each.settle?.()
    made += calls
    if (isWarm) counted.push(batch)
    else if (batch.ns < (BATCH_MS * 1e6) / 2) calls = Math.min(2 * calls, most)
    // What was deferred (writing records, learning) must not pile up.
    await turn()
  }
  return summarise(each.name, counted)
}

function summarise(name: string, batches: readonly Batch[]): Figure {
  const perCall = batches.map(({ ns, calls }) => ns / calls)
  const sum = (get: (batch: Batch) => number) => batches.reduce((all, batch) => all + get(batch), 0)
  const calls = sum((batch) => batch.calls)
  if (calls === 0) throw new Error(`${name}: nothing was measured`)
  return {
    name,
    medianNs: Math.round(median(perCall)),
    p99Ns: Math.round(quantile(perCall, 0.99)),
    cpuNs: Math.round((1000 * sum(({ cpuUs }) => cpuUs)) / calls),
    bytes: Math.round(sum(({ bytes }) => bytes) / calls),
    calls,
  }
}

interface Batch {
  readonly calls: number
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
  return { calls, ns, cpuUs: user + system, bytes: getHeapStatistics().total_allocated_bytes - before }
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
