/** Raw bytes into the gRPC port of a running Vigil: it stays alive, small and right, and lets nothing pass. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FRAME, HEAD_BYTES, isPass } from '../../bench/grpc/frames.ts'
import { mintNow } from '../../harness/live.ts'
import { AUDIENCE, issuerOf, keys } from '../../harness/tokens.ts'
import { startVigil, type VigilProcess } from '../../harness/vigil.ts'
import { checkBytes } from '../../harness/wire.ts'
import { CORPUS } from '../checks/corpus.ts'
import { random } from '../random.ts'
import { makeStream } from './streams.ts'

export const TRANSPORTS = ['http2', 'grpc-js'] as const
export type Transport = (typeof TRANSPORTS)[number]

export interface WireResult {
  readonly transport: Transport
  readonly seed: number
  readonly connections: number
  /** Messages that the server answered with. */
  readonly answers: number
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
  audit: { sinks: [] },
}

/** None of them may pass: no credential, one that is not good, one without the scope, not even a request. */
function messages(): readonly [Buffer, ...Buffer[]] {
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

const TOGETHER = 16
/** Longest life of one connection, and how long nothing may come before it is over. */
const LIFE_MS = 1000
const QUIET_MS = 60
const GOOD_EVERY = 64
/** What garbage, buffers and code may add to a warm process; a leak of 1 KB a connection would be more in a long run. */
export const MOST_GROWTH_MB = 96

const residentMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

/** Sends it all and reads what comes back, until the server closes or the time is over. */
function exchange(port: number, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = []
    const socket = connect(port, '127.0.0.1')
    const done = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve(Buffer.concat(parts))
    }
    let timer = setTimeout(done, LIFE_MS)
    socket.on('connect', () => socket.write(bytes))
    socket.on('data', (part: Buffer) => {
      parts.push(part)
      clearTimeout(timer)
      timer = setTimeout(done, QUIET_MS)
    })
    socket.on('error', () => undefined)
    socket.on('close', done)
  })
}

/** How many messages stand in what the server sent; `isAllowed`: one of them lets a request pass. */
function readAnswers(bytes: Buffer): { readonly count: number; readonly isAllowed: boolean } {
  const streams = new Map<number, Buffer[]>()
  for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
    const length = bytes.readUIntBE(at, 3)
    const stream = bytes.readUInt32BE(at + 5) & 0x7fff_ffff
    const payload = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length)
    if (bytes[at + 3] === FRAME.data) streams.set(stream, [...(streams.get(stream) ?? []), payload])
    at += HEAD_BYTES + length
  }
  const whole = [...streams.values()].map((parts) => Buffer.concat(parts)).filter((data) => data.length > 9)
  return { count: whole.length, isAllowed: whole.some(isCheckPass) }
}

/** The health service answers too, with the status alone: no CheckResponse is so short. */
const isCheckPass = (data: Buffer): boolean => data.length > 12 && isPass(data)

async function isRight(vigil: VigilProcess, n: number): Promise<boolean> {
  const headers = { authorization: `Bearer ${mintNow({ claims: { jti: `good-${n}` } })}` }
  const good = await vigil.ask({ headers, streamId: `good-${n}` })
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
  async send(streams: readonly Buffer[]): Promise<string | undefined> {
    const areAllowed = await Promise.all(streams.map((bytes) => this.#isAllowed(bytes)))
    const bad = streams.filter((_, i) => areAllowed[i])
    if (bad.length > 0) return `a request was allowed: ${keep(this.#plan, bad)}`
    if (!this.#vigil.running.hasEnded()) return undefined
    return `the process ended (${keep(this.#plan, streams)}): ${this.#vigil.running.output().slice(-500)}`
  }

  async #isAllowed(bytes: Buffer): Promise<boolean> {
    const { count, isAllowed } = readAnswers(await exchange(this.#vigil.port, bytes))
    this.answers += count
    this.done++
    this.#plan.onConnection?.()
    return isAllowed
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
    const { transport, seed, connections } = this.#plan
    const kept = await this.send(keptStreams(transport))
    if (kept !== undefined) return kept
    const all = messages()
    for (let at = 0; at < connections; at += TOGETHER) {
      const count = Math.min(TOGETHER, connections - at)
      const streams = Array.from({ length: count }, (_, i) => makeStream(random(seed + at + i), all))
      const flaw =
        (await this.send(streams)) ?? (at % GOOD_EVERY === 0 ? await this.checkThatItIsRight() : undefined)
      if (flaw !== undefined) return flaw
      if (this.warmMb === 0 && at >= connections / 4) this.warmMb = this.residentMb()
    }
    await sleep(QUIET_MS)
    const grown = this.residentMb() - this.warmMb
    return grown > MOST_GROWTH_MB ? `memory grew by ${Math.round(grown)} MB` : undefined
  }
}

/** The streams of the corpus for this transport, then so many new ones. */
export async function runWire(plan: WirePlan): Promise<WireResult> {
  const { transport, seed } = plan
  const vigil = await startTarget(transport)
  try {
    const attack = new Attack(vigil, plan)
    const flaw = await attack.run()
    const { answers, goodChecks, done: connections, warmMb: warm } = attack
    const resident = { warm, end: attack.residentMb() }
    const counted = { transport, seed, connections, answers, goodChecks, residentMb: resident }
    return flaw === undefined ? counted : { ...counted, flaw }
  } finally {
    await vigil.stop()
  }
}

/** A line of hex for each stream. */
function keep({ transport, seed }: WirePlan, streams: readonly Buffer[]): string {
  const text = streams.map((bytes) => `${bytes.toString('hex')}\n`).join('')
  const name = `wire-${transport}-${seed}.hex`
  mkdirSync(CORPUS, { recursive: true })
  writeFileSync(join(CORPUS, name), text)
  return name
}

function keptStreams(transport: Transport): Buffer[] {
  const names = readdirSync(CORPUS).filter((name) => name.startsWith(`wire-${transport}-`))
  const lines = names.flatMap((name) => readFileSync(join(CORPUS, name), 'utf8').split('\n'))
  return lines.filter((line) => line !== '').map((line) => Buffer.from(line, 'hex'))
}
