import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { SERVE_FLAGS } from '../../../bin/runtime.js'
import { type Core, pinned } from '../pin.ts'
import type { MintOrder, Order } from './driver.ts'
import type { LoadPlan, LoadResult } from './load.ts'
import type { Question, Usage } from './usage.ts'
import type { VigilOptions } from './vigil-server.ts'

/** A server under test in a process of its own. */
export interface Server {
  readonly address: string
  ask(question: Question): Promise<Usage>
  stop(): Promise<void>
}

export interface Driver {
  mint(order: Omit<MintOrder, 'do'>): Promise<void>
  load(plan: LoadPlan): Promise<LoadResult>
  stop(): Promise<void>
}

/** The handler that everything is measured against. */
export const startEmpty = (flags: readonly string[] = [], core: Core = 'subject'): Promise<Server> =>
  startServer('empty-server.ts', [], flags, core)

/** Under the flags of `vigil serve`, or under others. */
export const startVigil = (
  options: VigilOptions,
  core: Core = 'subject',
  flags: readonly string[] = SERVE_FLAGS,
): Promise<Server> => startServer('vigil-server.ts', [JSON.stringify(options)], flags, core)

/** The Vigil of another checkout, under the flags that its own `vigil serve` has. @param root with its `node_modules` */
export async function startOther(root: string, options: VigilOptions): Promise<Server> {
  const runtime = (await import(pathToFileURL(join(root, 'bin/runtime.js')).href)) as {
    SERVE_FLAGS?: readonly string[]
  }
  const file = join(root, 'test/bench/grpc/vigil-server.ts')
  return startServer(file, [JSON.stringify(options)], runtime.SERVE_FLAGS ?? [], 'subject')
}

/**
 * Starts a server and waits until it tells its address.
 * @param file beside this one, or absolute
 */
async function startServer(
  file: string,
  args: readonly string[],
  flags: readonly string[],
  core: Core,
): Promise<Server> {
  const child = startChild(file, args, core, flags)
  return serverOf(child, (await answerOf(child, file)) as string, file)
}

/** @param child a process that answers questions for its usage */
export const serverOf = (child: ChildProcess, address: string, name: string): Server => ({
  address,
  ask: async (question) => (await tell(child, question, name)) as Usage,
  stop: () => stopChild(child),
})

export function startDriver(): Driver {
  const child = startChild('driver.ts', [], 'driver', [])
  const order = (what: Order) => tell(child, what, 'the driver')
  return {
    mint: async (what) => void (await order({ do: 'mint', ...what })),
    load: async (plan) => (await order({ do: 'load', plan })) as LoadResult,
    stop: () => stopChild(child),
  }
}

/** @param file beside this one, or absolute */
export function startChild(file: string, args: readonly string[], core: Core, flags: readonly string[]) {
  return fork(resolve(import.meta.dirname, file), args, {
    ...pinned(core, flags),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
}

/** Sends an order or a question and resolves with its answer; one at a time. */
export function tell(child: ChildProcess, message: object | Question, name: string): Promise<unknown> {
  const answer = answerOf(child, name)
  child.send(message)
  return answer
}

/** The next message. @throws when it tells an error, or when the process ends instead. */
export async function answerOf(child: ChildProcess, name: string): Promise<unknown> {
  const listening = new AbortController()
  const { signal } = listening
  try {
    const ended = once(child, 'exit', { signal }).then(([code]) => {
      throw new Error(`${name} ended with ${code}`)
    })
    const [message] = await Promise.race([once(child, 'message', { signal }), ended])
    if (message.error !== undefined) throw new Error(`${name}: ${message.error}`)
    return message.value
  } finally {
    listening.abort()
  }
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.disconnect()
  await ended
}
