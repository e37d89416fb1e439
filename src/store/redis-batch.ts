import type { ChainableCommander, Redis } from 'ioredis'
import { type Counters, countByHash, countByText } from './redis-count.ts'
import { replyCode, unavailable } from './redis-failure.ts'
import type { RedisNode } from './redis-node.ts'
import { type StoreCommand, StoreUnavailable } from './store.ts'

type Replies = readonly (string | null)[]
type Claim = Extract<StoreCommand, { op: 'claim' }>

interface Waiting {
  readonly commands: readonly StoreCommand[]
  readonly resolve: (replies: Replies) => void
  readonly reject: (error: unknown) => void
}

/**
 * Checks that arrive together ask together: what is read before the next tick goes out as one pipeline in one write,
 * because a write to the socket costs more than a whole decision. Nobody waits for it: the checks of one turn of the event
 * loop are decided together (check/turn.ts), and by then all of them have asked. In the pipeline all counters are one call
 * and all values are one call, because a call costs the client more than the server (docs/decisions/0010).
 */
export class ReadBatch {
  readonly #node: RedisNode
  readonly #prefix: string
  #waiting: Waiting[] = []

  constructor(node: RedisNode, prefix: string) {
    this.#node = node
    this.#prefix = prefix
  }

  /** Rejects as `Store.read`, but keeps no budget. */
  read(commands: readonly StoreCommand[]): Promise<Replies> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ commands, resolve, reject }) === 1) process.nextTick(() => void this.#send())
    })
  }

  async #send(): Promise<void> {
    const batch = this.#waiting
    this.#waiting = []
    try {
      const asked = sorted(batch, this.#prefix)
      const client = this.#node.ready()
      // Behind the claims: if they were made in an empty memory, that is known before they are relied on.
      const epoch = asked.claims.length > 0 ? this.#node.askEpoch() : undefined
      if (epoch !== undefined) asked.values.push(epoch.key)
      const answered = await ask(client, asked)
      if (Array.isArray(answered.values)) epoch?.see(answered.values.at(-1))
      distribute(batch, answered)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }
}

/** What a batch asks, by kind, each in the order of its commands. */
interface Asked {
  readonly claims: { readonly key: string; readonly claim: Claim }[]
  readonly counters: Counters
  readonly values: string[]
}

function sorted(batch: readonly Waiting[], prefix: string): Asked {
  const asked: Asked = { claims: [], counters: { keys: [], ttlsMs: [] }, values: [] }
  for (const { commands } of batch) for (const command of commands) sort(command, prefix + command.key, asked)
  return asked
}

function sort(command: StoreCommand, key: string, { claims, counters, values }: Asked): void {
  if (command.op === 'claim') claims.push({ key, claim: command })
  else if (command.op === 'get') values.push(key)
  else {
    const current = windowKey(key, command.window)
    if (command.adds) {
      counters.keys.push(current)
      counters.ttlsMs.push(command.ttlMs)
    } else values.push(current)
    values.push(windowKey(key, command.window - 1))
  }
}

/** Each window is a key of its own, which ends by itself. Numbered in base 36 to be short. */
export const windowKey = (key: string, window: number): string => key + window.toString(36)

/** One reply for each that was asked, or the error of the call they were asked by. */
interface Answered {
  readonly claims: unknown
  readonly counts: unknown
  readonly values: unknown
}

/** Values are asked for last, so that they tell what this batch has claimed and counted. */
async function ask(client: Redis, { claims, counters, values }: Asked): Promise<Answered> {
  const pipeline = client.pipeline()
  for (const { key, claim } of claims) pipeline.set(key, claim.value, 'PX', claim.ttlMs, 'NX', 'GET')
  const isCounting = counters.keys.length > 0
  if (isCounting) countByHash(pipeline, counters)
  if (values.length > 0) pipeline.mget(values)
  const replies = await exec(pipeline)
  const behind = claims.length + (isCounting ? 1 : 0)
  const answered = {
    claims: replies.slice(0, claims.length),
    counts: isCounting ? replies[claims.length] : undefined,
    values: replies[behind],
  }
  if (replyCode(answered.counts) !== 'NOSCRIPT') return answered
  // The server forgets scripts when it restarts, and has counted nothing. What it claimed is not claimed again: that
  // would find itself.
  const again = client.pipeline()
  countByText(again, counters)
  if (values.length > 0) again.mget(values)
  const [counts, later] = await exec(again)
  return { claims: answered.claims, counts, values: later }
}

const exec = async (pipeline: ChainableCommander): Promise<readonly unknown[]> =>
  ((await pipeline.exec()) ?? []).map(([error, result]) => error ?? result)

function distribute(batch: readonly Waiting[], answered: Answered): void {
  const claim = oneByOne(answered.claims)
  const count = oneByOne(answered.counts)
  const value = oneByOne(answered.values)
  const answer = (command: StoreCommand): Reply => {
    if (command.op === 'claim') return understand(claim())
    if (command.op === 'get') return understand(value())
    return both(understand(command.adds ? count() : value()), understand(value()))
  }
  for (const { commands, resolve, reject } of batch) {
    const replies = commands.map(answer)
    const failure = replies.find(isFailure)
    // A check that was half answered is not answered; its neighbours are.
    if (failure === undefined) resolve(replies as Replies)
    else reject(failure)
  }
}

type Reply = string | null | StoreUnavailable
const isFailure = (reply: Reply): boolean => reply instanceof StoreUnavailable

function oneByOne(replies: unknown): () => unknown {
  let at = 0
  return () => (Array.isArray(replies) ? replies[at++] : replies)
}

function understand(reply: unknown): Reply {
  if (reply === undefined) return new StoreUnavailable('unreachable')
  if (reply instanceof Error) return unavailable(reply)
  return reply === null ? null : String(reply)
}

function both(current: Reply, previous: Reply): Reply {
  if (current instanceof StoreUnavailable) return current
  if (previous instanceof StoreUnavailable) return previous
  return `${current ?? '0'} ${previous ?? '0'}`
}
