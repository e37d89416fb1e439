import type { ChainableCommander, Redis } from 'ioredis'
import { unavailable } from './redis-failure.ts'
import { type StoreCommand, StoreUnavailable } from './store.ts'

type Replies = readonly (string | null)[]
type RawReply = readonly [error: Error | null, result: unknown]

interface Waiting {
  readonly commands: readonly StoreCommand[]
  readonly resolve: (replies: Replies) => void
  readonly reject: (error: unknown) => void
}

/**
 * Checks that arrive together ask together: what is read in one turn of the event loop goes out as one pipeline in one
 * write, because a write to the socket costs more than a whole decision. Nobody waits for it: the turn ends when
 * what has arrived is taken in.
 */
export class ReadBatch {
  readonly #ready: () => Redis
  readonly #prefix: string
  #waiting: Waiting[] = []

  /** @param ready the connection; throws StoreUnavailable when it is down */
  constructor(ready: () => Redis, prefix: string) {
    this.#ready = ready
    this.#prefix = prefix
  }

  /** Rejects as `Store.read`, but keeps no budget. */
  read(commands: readonly StoreCommand[]): Promise<Replies> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ commands, resolve, reject }) === 1) setImmediate(() => void this.#send())
    })
  }

  async #send(): Promise<void> {
    const batch = this.#waiting
    this.#waiting = []
    try {
      const pipeline = this.#ready().pipeline()
      for (const { commands } of batch) {
        for (const command of commands) append(pipeline, command, this.#prefix + command.key)
      }
      distribute(batch, (await pipeline.exec()) ?? [])
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }
}

function append(pipeline: ChainableCommander, command: StoreCommand, key: string): void {
  if (command.op === 'get') pipeline.get(key)
  else if (command.op === 'claim') pipeline.set(key, command.value, 'PX', command.ttlMs, 'NX', 'GET')
  else {
    const current = windowKey(key, command.window)
    if (command.adds) pipeline.set(current, 0, 'PX', command.ttlMs, 'NX').incr(current)
    else pipeline.get(current)
    pipeline.get(windowKey(key, command.window - 1))
  }
}

/** Each window is a key of its own, which ends by itself. Numbered in base 36 to be short. */
const windowKey = (key: string, window: number): string => key + window.toString(36)

function repliesTo(command: StoreCommand): number {
  if (command.op !== 'window') return 1
  return command.adds ? 3 : 2
}

function distribute(batch: readonly Waiting[], replies: readonly RawReply[]): void {
  let at = 0
  for (const { commands, resolve, reject } of batch) {
    const end = at + commands.reduce((count, command) => count + repliesTo(command), 0)
    try {
      resolve(answers(commands, replies.slice(at, end)))
    } catch (error) {
      // An error reply is of this check alone: its neighbours have been answered.
      reject(error)
    }
    at = end
  }
}

/** @throws the first error reply: a check that was half answered is not answered */
function answers(commands: readonly StoreCommand[], replies: readonly RawReply[]): (string | null)[] {
  let at = 0
  return commands.map((command) => {
    if (command.op !== 'window') return textOf(replies[at++])
    // The reply that a counter has been made says nothing, but it may be an error.
    if (command.adds) textOf(replies[at++])
    const current = textOf(replies[at++]) ?? '0'
    return `${current} ${textOf(replies[at++]) ?? '0'}`
  })
}

function textOf(reply: RawReply | undefined): string | null {
  if (reply === undefined) throw new StoreUnavailable('unreachable')
  const [error, result] = reply
  if (error !== null) throw unavailable(error)
  return result === null || result === undefined ? null : String(result)
}
