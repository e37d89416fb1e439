import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/**
 * A thread that says when the next call is due. It sleeps to some ten microseconds, which the event loop's timers (a
 * millisecond) cannot, and a loop that looks all the time would take the core from Valkey and from whoever shares it.
 * hrtime is the same clock in all threads.
 */
const THREAD = `
const { parentPort, workerData: { everyMs, count } } = require('node:worker_threads')
const never = new Int32Array(new SharedArrayBuffer(4))
const nowMs = () => Number(process.hrtime.bigint()) / 1e6
const startMs = nowMs() + 1
for (let i = 0; i < count; i++) {
  const dueMs = startMs + i * everyMs
  Atomics.wait(never, 0, 0, Math.max(0, dueMs - nowMs()))
  parentPort.postMessage(dueMs)
}`

/** On the clock that due times are told in. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6

/** Calls back `count` times, once per `everyMs`, with the time that was meant; resolves after the last. */
export async function tick(everyMs: number, count: number, onDue: (dueMs: number) => void): Promise<void> {
  const worker = new Worker(THREAD, { eval: true, workerData: { everyMs, count } })
  worker.on('message', onDue)
  await once(worker, 'exit')
}
