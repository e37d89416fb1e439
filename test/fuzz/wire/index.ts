/** Raw bytes into the gRPC port of a running Vigil: it stays alive, small and right, and lets nothing pass. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { mintNow } from '../../harness/live.ts'
import { AUDIENCE, issuerOf, keys } from '../../harness/tokens.ts'
import { startVigil, type VigilProcess } from '../../harness/vigil.ts'
import { checkBytes } from '../../harness/wire.ts'
import { random } from '../random.ts'
import { exchange, QUIET_MS, readAnswers } from './exchange.ts'
import { keep, keptConversations } from './kept.ts'
import { type Conversation, type Messages, makeConversation } from './streams.ts'

/** The default first. */
export const TRANSPORTS = ['frames', 'http2', 'grpc-js'] as const
export type Transport = (typeof TRANSPORTS)[number]

export interface WireResult {
  readonly transport: Transport
  readonly seed: number
  readonly connections: number
  /** Messages that the server answered with. */
  readonly answers: number
  /** Good messages among the bad ones of a connection that passed, as they may. */
  readonly passed: number
  /** Good checks in between; all of them were answered right. */
  readonly goodChecks: number
  readonly residentMb: { readonly warm: number; readonly end: number }
  readonly flaw?: string
}

const SETTINGS = {
  identity: { issuers: [issuerOf()] },
  entrypoints: [{ name: 'gateway', externalOrigins: [AUDIENCE] }],
  actions: [
    {
      name: 'read',
      match: { methods: ['GET'], paths: ['/v1/items'] },
      sensitivity: 'low',
      scopes: ['orders.read'],
    },
  ],
  // Nobody sends so much in so short a time: without a rule the worry about it would refuse what is good.
  policy: [{ name: 'all', when: true, effect: 'allow' }],
  audit: { sinks: [] },
}

/** None of them may pass: no credential, one that is not good, one without the scope, not even a request. */
function badMessages(): readonly [Buffer, ...Buffer[]] {
  const bearer = (token: string) => checkBytes({ headers: { authorization: `Bearer ${token}` } })
  return [
    checkBytes({}),
    bearer(mintNow({ claims: { scope: 'other' } })),
    bearer(mintNow({ key: keys.stranger })),
    bearer(mintNow({ claims: { aud: 'https://other.example.com' } })),
    checkBytes({ headers: { 'x-filler': 'x'.repeat(30_000) } }),
    Buffer.alloc(0),
    Buffer.from([0x0a]),
  ]
}

const goodMessage = (name: string) => ({
  headers: { authorization: `Bearer ${mintNow({ claims: { jti: name } })}` },
  streamId: name,
})

const TOGETHER = 16
const GOOD_EVERY = 64
/** What garbage, buffers and code may add to a warm process; a leak of 1 KB a connection would be more in a long run. */
export const MOST_GROWTH_MB = 96

const residentMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

async function isRight(vigil: VigilProcess, n: number): Promise<boolean> {
  const good = await vigil.ask(goodMessage(`good-${n}`))
  const bad = await vigil.ask({ headers: {}, streamId: `bad-${n}` })
  return good.isPass && !bad.isPass && bad.status === 401
}

const startTarget = (transport: Transport): Promise<VigilProcess> =>
  startVigil({
    config: SETTINGS,
    fixed: { acknowledge: { unverifiedCaller: true } },
    server: { transport, deadlineMs: 5000 },
  })

interface WirePlan {
  readonly transport: Transport
  readonly seed: number
  readonly connections: number
  readonly onConnection?: () => void
}

/** One Vigil under attack, and what has been counted. */
class Attack {
  answers = 0
  passed = 0
  done = 0
  goodChecks = 0
  warmMb = 0
  readonly #vigil: VigilProcess
  readonly #plan: WirePlan

  constructor(vigil: VigilProcess, plan: WirePlan) {
    this.#vigil = vigil
    this.#plan = plan
  }

  /** Connections at the same moment. @returns what is wrong, in a sentence */
  async send(conversations: readonly Conversation[]): Promise<string | undefined> {
    const { transport, seed } = this.#plan
    const areRight = await Promise.all(conversations.map((conversation) => this.#isRefused(conversation)))
    const bad = conversations.filter((_, i) => !areRight[i])
    if (bad.length > 0) return `a request was allowed: ${keep(transport, seed, bad)}`
    if (!this.#vigil.running.hasEnded()) return undefined
    const kept = keep(transport, seed, conversations)
    return `the process ended (${kept}): ${this.#vigil.running.output().slice(-500)}`
  }

  /** Nothing passes but what may. */
  async #isRefused({ bytes, mayPass }: Conversation): Promise<boolean> {
    const { count, passed } = readAnswers(await exchange(this.#vigil.port, bytes))
    this.answers += count
    this.passed += passed.length
    this.done++
    this.#plan.onConnection?.()
    return passed.every((id) => mayPass.includes(id))
  }

  async checkThatItIsRight(): Promise<string | undefined> {
    this.goodChecks += 2
    const isGood = await isRight(this.#vigil, this.done)
    return isGood ? undefined : `a good check was answered wrongly after ${this.done} connections`
  }

  residentMb(): number {
    return this.#vigil.running.hasEnded() ? 0 : residentMb(this.#vigil.running.pid)
  }

  async run(): Promise<string | undefined> {
    const { seed, connections } = this.#plan
    const kept = await this.send(keptConversations())
    if (kept !== undefined) return kept
    const bad = badMessages()
    for (let at = 0; at < connections; at += TOGETHER) {
      const count = Math.min(TOGETHER, connections - at)
      const make = (_: unknown, i: number): Conversation => {
        const messages: Messages = { bad, good: checkBytes(goodMessage(`guest-${at + i}`)) }
        return makeConversation(random(seed + at + i), messages)
      }
      const flaw =
        (await this.send(Array.from({ length: count }, make))) ??
        (at % GOOD_EVERY === 0 ? await this.checkThatItIsRight() : undefined)
      if (flaw !== undefined) return flaw
      if (this.warmMb === 0 && at >= connections / 4) this.warmMb = this.residentMb()
    }
    await sleep(QUIET_MS)
    const grown = this.residentMb() - this.warmMb
    return grown > MOST_GROWTH_MB ? `memory grew by ${Math.round(grown)} MB` : undefined
  }
}

/** The connections of the corpus, then so many new ones. */
export async function runWire(plan: WirePlan): Promise<WireResult> {
  const { transport, seed } = plan
  const vigil = await startTarget(transport)
  try {
    const attack = new Attack(vigil, plan)
    const flaw = await attack.run()
    const { answers, passed, goodChecks, done: connections, warmMb: warm } = attack
    const resident = { warm, end: attack.residentMb() }
    const counted = { transport, seed, connections, answers, passed, goodChecks, residentMb: resident }
    return flaw === undefined ? counted : { ...counted, flaw }
  } finally {
    await vigil.stop()
  }
}
