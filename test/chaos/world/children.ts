import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { ProofSigner } from '../../harness/proofs.ts'
import { ANSWERS, type AnswerKind, type Book, KIND_NAMES } from '../kinds.ts'
import type { Reached } from '../load/app.ts'
import { type Client, type Order, type Report, SAMPLE_FIELDS } from '../load/messages.ts'

/** One request of the load. */
export interface Sample {
  /** When it was to be sent, on the monotonic clock. */
  readonly dueMs: number
  readonly kind: string
  readonly answer: AnswerKind
  /** From `dueMs` to the answer. */
  readonly latencyMs: number
}

export interface Load {
  /** Credentials from now on; what was used before is not replayed any more. */
  use(book: Book): void
  go(port: number, perSecond: number): void
  /** Another pace from now on. */
  rate(perSecond: number): void
  flood(port: number, inFlight: number): void
  /** Every sample since the last call of `go`, as far as it was told; answers come a tenth of a second late. */
  samples(): readonly Sample[]
  /** Sends no more, and resolves with all samples when everything is answered. */
  halt(): Promise<readonly Sample[]>
  stop(): void
}

export interface App {
  /** What reached it since it was asked last. */
  reached(): Promise<Reached>
  stop(): void
}

const LOAD = join(import.meta.dirname, '..', 'load')

export async function startApp(port: number): Promise<App> {
  const child = fork(join(LOAD, 'app.ts'), [String(port)])
  const ended = endOf(child)
  await firstMessage(child, ended)
  return {
    reached: async () => {
      child.send('tell')
      return (await firstMessage(child, ended)) as Reached
    },
    stop: () => end(child),
  }
}

export function startLoad(signers: readonly ProofSigner[]): Load {
  const clients = signers.map(({ alg, jwk, privateJwk }): Client => ({ alg, jwk, privateJwk }))
  const child = fork(join(LOAD, 'driver.ts'), [JSON.stringify(clients)])
  const ended = endOf(child)
  let samples: Sample[] = []
  let onHalted: () => void = () => undefined
  child.on('message', (report: Report) => {
    for (let at = 0; at < report.samples.length; at += SAMPLE_FIELDS)
      samples.push(sampleOf(report.samples, at))
    if ('halted' in report) onHalted()
  })
  const order = (what: Order) => void child.send(what)
  const begin = (what: Order) => {
    samples = []
    order(what)
  }
  return {
    use: (book) => order({ do: 'book', book }),
    go: (port, perSecond) => begin({ do: 'go', port, perSecond }),
    rate: (perSecond) => order({ do: 'rate', perSecond }),
    flood: (port, inFlight) => begin({ do: 'flood', port, inFlight }),
    samples: () => samples,
    halt: async () => {
      const halted = new Promise<void>((resolve) => {
        onHalted = resolve
      })
      order({ do: 'halt' })
      await Promise.race([halted, ended])
      return samples
    },
    stop: () => end(child),
  }
}

function sampleOf(flat: readonly number[], at: number): Sample {
  const [dueMs = 0, kind = 0, answer = 0, latencyMs = 0] = flat.slice(at, at + SAMPLE_FIELDS)
  return { dueMs, kind: KIND_NAMES[kind] ?? '', answer: ANSWERS[answer] ?? 'broken', latencyMs }
}

async function firstMessage(child: ChildProcess, ended: Promise<never>): Promise<unknown> {
  const listening = new AbortController()
  try {
    const [message] = await Promise.race([once(child, 'message', { signal: listening.signal }), ended])
    return message
  } finally {
    listening.abort()
  }
}

/** Rejects when the process is gone; nobody needs to look at it. */
function endOf(child: ChildProcess): Promise<never> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${child.spawnargs.find((arg) => arg.endsWith('.ts'))} ended with ${code}`)
  })
  ended.catch(() => undefined)
  return ended
}

function end(child: ChildProcess): void {
  if (child.connected) child.disconnect()
}
