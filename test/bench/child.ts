import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { LoadPlan, LoadResult } from './driver.ts'
import type { Usage } from './usage.ts'

/** A server under test in a process of its own. */
export interface Subject {
  readonly name: string
  readonly address: string
  usage(): Promise<Usage>
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 20_000

/** Starts `file` and waits until it tells its address by IPC. */
export async function startServer(name: string, file: string, args: readonly string[]): Promise<Subject> {
  const child = fork(join(import.meta.dirname, file), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const first = await Promise.race([message<{ address: string }>(child), failure(child, name)])
  return {
    name,
    address: first.address,
    usage: () => {
      child.send('usage')
      return message<Usage>(child)
    },
    stop: async () => {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

/** Runs one load from a process of its own, so that its CPU is not the server's. */
export async function drive(plan: LoadPlan): Promise<LoadResult> {
  const child = fork(join(import.meta.dirname, 'driver.ts'), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const result = message<LoadResult>(child)
  child.send({ ...plan, messages: plan.messages.map((bytes) => bytes.toString('base64')) })
  const value = await result
  if (child.exitCode === null) await once(child, 'exit')
  return value
}

function message<T>(child: ChildProcess): Promise<T> {
  return once(child, 'message').then(([value]) => value as T)
}

function failure(child: ChildProcess, name: string): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(() => reject(new Error(`${name} did not start in time`)), START_TIMEOUT_MS)
    timer.unref()
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}`)))
  })
}
