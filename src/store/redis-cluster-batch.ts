import type { ChainableCommander } from 'ioredis'
import { windowKey } from './redis-batch.ts'
import type { ClusterNodes } from './redis-cluster-nodes.ts'
import { countByHash, countByText } from './redis-count.ts'
import { unavailable } from './redis-failure.ts'
import type { RedisNode } from './redis-node.ts'
import { type Redirection, redirectionOf, slotOf } from './slots.ts'
import { type StoreCommand, StoreUnavailable } from './store.ts'

type Replies = readonly (string | null)[]

/** What is asked of one key, and what came back: a reply, or an error. */
interface Question {
  readonly op: 'claim' | 'count' | 'value'
  readonly key: string
  readonly value: string
  readonly ttlMs: number
  reply: unknown
}

/** One command of a pipeline. `many`: its reply has one part for each question. */
interface Call {
  readonly questions: readonly Question[]
  readonly many: boolean
  readonly add: (pipeline: ChainableCommander) => void
}

interface Waiting {
  readonly commands: readonly StoreCommand[]
  readonly resolve: (replies: Replies) => void
  readonly reject: (error: unknown) => void
}

/**
 * A slot that moves refuses several keys at once (TRYAGAIN), then the single key that it has not (ASK), and when it has moved
 * all of them (MOVED): no way is longer. What comes back after that is refused.
 */
const MOST_ROUNDS = 4

/**
 * As ReadBatch, for a cluster: one pipeline for each server, all sent together, and in it calls of their own for each slot,
 * because a call may hold keys of one slot only. A check waits for the servers that it has asked, not for those of others.
 */
export class ClusterBatch {
  readonly #nodes: ClusterNodes
  readonly #prefix: string
  #waiting: Waiting[] = []

  constructor(nodes: ClusterNodes, prefix: string) {
    this.#nodes = nodes
    this.#prefix = prefix
  }

  read(commands: readonly StoreCommand[]): Promise<Replies> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ commands, resolve, reject }) === 1) process.nextTick(() => this.#send())
    })
  }

  #send(): void {
    const batch = this.#waiting
    this.#waiting = []
    const asked = batch.map(({ commands }) => commands.map((command) => questionsOf(command, this.#prefix)))
    const groups = new Map<RedisNode, Map<number, Question[]>>()
    const nodesOf = asked.map((check) => this.#sort(check.flat(), groups))
    const done = new Map([...groups].map(([node, slots]) => [node, this.#ask(node, slots)]))
    for (const [i, { commands, resolve, reject }] of batch.entries()) {
      const mine = [...(nodesOf[i] ?? [])].map((node) => done.get(node))
      Promise.all(mine)
        .then(() => resolve(commands.map((command, j) => answer(command, asked[i]?.[j] ?? []))))
        .catch(reject)
    }
  }

  /** Puts each question to those of its server and slot; says which servers they are. */
  #sort(questions: readonly Question[], groups: Map<RedisNode, Map<number, Question[]>>): Set<RedisNode> {
    const nodes = new Set<RedisNode>()
    for (const question of questions) {
      const slot = slotOf(question.key)
      try {
        const node = this.#nodes.of(slot)
        nodes.add(node)
        const slots = listed(groups, node, () => new Map<number, Question[]>())
        listed(slots, slot, () => [] as Question[]).push(question)
      } catch (error) {
        question.reply = error
      }
    }
    return nodes
  }

  /** Never rejects: what went wrong is the reply. */
  async #ask(node: RedisNode, slots: ReadonlyMap<number, Question[]>): Promise<void> {
    await send(node, [...slots.values()].flatMap(together))
    const questions = [...slots.values()].flat()
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const open = redirected(questions)
      if (open.length === 0) return
      const pipelines = new Map<RedisNode, Call[]>()
      for (const { question, to } of open) this.#follow(question, to, node, pipelines)
      await Promise.all([...pipelines].map(([target, calls]) => send(target, calls)))
    }
  }

  /** What was refused has not run, so it is asked once more, where it is now, and by itself. */
  #follow(question: Question, to: Redirection, node: RedisNode, pipelines: Map<RedisNode, Call[]>): void {
    if (to.kind === 'moved') this.#nodes.refresh()
    try {
      const target = to.address === undefined ? node : this.#nodes.at(to.address)
      const calls = listed(pipelines, target, () => [] as Call[])
      if (to.kind === 'ask') calls.push({ questions: [], many: false, add: (pipeline) => pipeline.asking() })
      calls.push(single(question))
    } catch (error) {
      question.reply = error
    }
  }
}

function listed<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) {
    value = create()
    map.set(key, value)
  }
  return value
}

function questionsOf(command: StoreCommand, prefix: string): Question[] {
  const key = prefix + command.key
  const ask = (op: Question['op'], key: string, ttlMs = 0, value = ''): Question => ({
    op,
    key,
    value,
    ttlMs,
    reply: undefined,
  })
  if (command.op === 'claim') return [ask('claim', key, command.ttlMs, command.value)]
  if (command.op === 'get') return [ask('value', key)]
  return [
    ask(command.adds ? 'count' : 'value', windowKey(key, command.window), command.ttlMs),
    ask('value', windowKey(key, command.window - 1)),
  ]
}

/** The questions of one slot in as few calls as may be; values last, so that they tell what was claimed and counted. */
function together(questions: readonly Question[]): Call[] {
  const of = (op: Question['op']) => questions.filter((question) => question.op === op)
  const [counts, values] = [of('count'), of('value')]
  const calls = of('claim').map(single)
  const keys = counts.map(({ key }) => key)
  const ttlsMs = counts.map(({ ttlMs }) => ttlMs)
  if (counts.length > 0)
    calls.push({ questions: counts, many: true, add: (pipeline) => countByHash(pipeline, { keys, ttlsMs }) })
  if (values.length > 0)
    calls.push({
      questions: values,
      many: true,
      add: (pipeline) => pipeline.mget(values.map(({ key }) => key)),
    })
  return calls
}

function single(question: Question): Call {
  const { op, key, value, ttlMs } = question
  const questions = [question]
  if (op === 'claim')
    return { questions, many: false, add: (pipeline) => pipeline.set(key, value, 'PX', ttlMs, 'NX', 'GET') }
  if (op === 'value') return { questions, many: false, add: (pipeline) => pipeline.get(key) }
  return {
    questions,
    many: true,
    add: (pipeline) => countByText(pipeline, { keys: [key], ttlsMs: [ttlMs] }),
  }
}

/** Sends one pipeline and notes the replies. Behind claims it asks for the epoch, as ReadBatch does. */
async function send(node: RedisNode, calls: readonly Call[]): Promise<void> {
  try {
    const pipeline = node.ready().pipeline()
    for (const { add } of calls) add(pipeline)
    const isClaiming = calls.some(({ questions }) => questions[0]?.op === 'claim')
    const epoch = isClaiming ? node.askEpoch() : undefined
    if (epoch !== undefined) pipeline.get(epoch.key)
    const replies = ((await pipeline.exec()) ?? []).map(([error, reply]) => error ?? reply)
    const seen = replies[calls.length]
    // Else the slot of that key has moved, and there will be another.
    if (seen === null || typeof seen === 'string') epoch?.see(seen)
    for (const [i, call] of calls.entries()) note(call, replies[i])
  } catch (error) {
    for (const call of calls) note(call, error)
  }
}

/** An error is the reply to all questions of the call. */
function note({ questions, many }: Call, reply: unknown): void {
  for (const [i, question] of questions.entries())
    question.reply = many && Array.isArray(reply) ? reply[i] : reply
}

/** What has to be asked elsewhere, and with it each value that was asked of a key before the claim or count of it ran. */
function redirected(questions: readonly Question[]): { question: Question; to: Redirection }[] {
  const written = new Map<string, Redirection>()
  for (const { op, key, reply } of questions) {
    const to = op === 'value' ? undefined : redirectionOf(reply)
    if (to !== undefined) written.set(key, to)
  }
  return questions.flatMap((question) => {
    const to =
      redirectionOf(question.reply) ?? (question.op === 'value' ? written.get(question.key) : undefined)
    return to === undefined ? [] : [{ question, to }]
  })
}

/** @throws StoreUnavailable when a part of it was not answered */
function answer(command: StoreCommand, questions: readonly Question[]): string | null {
  const [first, second] = questions.map(({ reply }) => {
    if (reply === undefined) throw new StoreUnavailable('unreachable')
    if (reply instanceof Error) throw unavailable(reply)
    return reply === null ? null : String(reply)
  })
  return command.op === 'window' ? `${first ?? '0'} ${second ?? '0'}` : (first ?? null)
}
