/** Raw bytes into the gRPC port of a running Vigil: it stays alive, small and right, and lets nothing pass. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
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

export async function runWire({ transport, seed, connections, onConnection }: WirePlan): Promise<WireResult> {
  const vigil = await startTarget(transport)
  const all = messages()
  let [answers, goodChecks, done, warm] = [0, 0, 0, 0]
  const result = (flaw?: string): WireResult => {
    const end = vigil.running.hasEnded() ? 0 : residentMb(vigil.running.pid)
    return {
      transport,
      seed,
      connections: done,
      answers,
      goodChecks,
      residentMb: { warm, end },
      ...(flaw === undefined ? {} : { flaw }),
    }
  }
  const flawOf = async (bytes: Buffer) => {
    const { count, isAllowed } = readAnswers(await exchange(vigil.port, bytes))
    answers += count
    done++
    onConnection?.()
    return isAllowed ? 'a request was allowed' : undefined
  }
  try {
    for (let at = 0; at < connections; at += TOGETHER) {
      const streams = Array.from({ length: Math.min(TOGETHER, connections - at) }, (_, i) =>
        makeStream(random(seed + at + i), all),
      )
      const flaws = await Promise.all(streams.map(flawOf))
      const bad = flaws.findIndex((flaw) => flaw !== undefined)
      if (bad >= 0) return result(`${flaws[bad]}: ${keep(transport, seed + at + bad, streams[bad])}`)
      if (vigil.running.hasEnded()) return result(`the process ended: ${vigil.running.output().slice(-500)}`)
      if (at % GOOD_EVERY === 0) {
        if (!(await isRight(vigil, at)))
          return result(`a good check was answered wrongly after ${done} connections`)
        goodChecks += 2
      }
      if (warm === 0 && at >= connections / 4) warm = residentMb(vigil.running.pid)
    }
    await sleep(QUIET_MS)
    const { residentMb: resident } = result()
    const grown = resident.end - resident.warm
    return result(grown > MOST_GROWTH_MB ? `memory grew by ${Math.round(grown)} MB` : undefined)
  } finally {
    await vigil.stop()
  }
}

function keep(transport: Transport, seed: number, bytes: Buffer | undefined): string {
  const name = `wire-${transport}-${seed}.hex`
  mkdirSync(CORPUS, { recursive: true })
  writeFileSync(join(CORPUS, name), `${bytes?.toString('hex')}\n`)
  return name
}
