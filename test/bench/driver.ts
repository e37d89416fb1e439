import { type ClientHttp2Session, connect } from 'node:http2'

/**
 * A raw-bytes gRPC load driver over node:http2: messages are encoded once, answers are only counted and their
 * status is read from the bytes. Run as a child process so that its CPU is not the server's.
 */

export interface LoadPlan {
  readonly address: string
  readonly messages: readonly Buffer[]
  readonly seconds: number
  /** Closed loop with this many in flight; ignored when `perSecond` is set. */
  readonly inFlight: number
  /** Open loop: sends on schedule whether answers come or not; latency counts from the scheduled moment. */
  readonly perSecond?: number
}

export interface LoadResult {
  readonly answered: number
  readonly passed: number
  readonly failed: number
  readonly perSecond: number
  readonly p50Us: number
  readonly p99Us: number
}

const HEADERS = {
  ':method': 'POST',
  ':path': '/envoy.service.auth.v3.Authorization/Check',
  'content-type': 'application/grpc',
  te: 'trailers',
}

/** gRPC length-prefixed framing. */
export function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

/** True when a framed CheckResponse carries status.code 0: field 1, length, and inside no field 1 or a zero. */
function passes(data: Buffer): boolean {
  if (data.length < 7 || data[5] !== 0x0a) return true
  const length = data[6] ?? 0
  return length === 0 || data[7] !== 0x08 || data[8] === 0
}

export async function load(plan: LoadPlan): Promise<LoadResult> {
  const session = connect(`http://${plan.address}`)
  const latencies: number[] = []
  const state = { sent: 0, answered: 0, passed: 0, failed: 0 }
  const startMs = performance.now()
  const endMs = startMs + plan.seconds * 1000
  const one = (fromMs: number) => check(session, plan.messages, state, latencies, fromMs)
  if (plan.perSecond === undefined) {
    const worker = async () => {
      while (performance.now() < endMs) await one(performance.now())
    }
    await Promise.all(Array.from({ length: plan.inFlight }, worker))
  } else {
    await openLoop(plan.perSecond, startMs, endMs, one)
  }
  const tookSeconds = (performance.now() - startMs) / 1000
  session.close()
  latencies.sort((a, b) => a - b)
  const at = (q: number) =>
    Math.round(1000 * (latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))] ?? 0))
  const { answered, passed, failed } = state
  return {
    answered,
    passed,
    failed,
    perSecond: Math.round(answered / tookSeconds),
    p50Us: at(0.5),
    p99Us: at(0.99),
  }
}

async function openLoop(
  perSecond: number,
  startMs: number,
  endMs: number,
  one: (fromMs: number) => Promise<void>,
): Promise<void> {
  const pending = new Set<Promise<void>>()
  let due = startMs
  while (due < endMs) {
    const now = performance.now()
    for (; due <= now && due < endMs; due += 1000 / perSecond) {
      const each = one(due).finally(() => pending.delete(each))
      pending.add(each)
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.all(pending)
}

interface Counters {
  sent: number
  answered: number
  passed: number
  failed: number
}

function check(
  session: ClientHttp2Session,
  messages: readonly Buffer[],
  state: Counters,
  latencies: number[],
  fromMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    const stream = session.request(HEADERS)
    const message = messages[state.sent++ % messages.length]
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', () => undefined)
    stream.on('close', () => {
      const data = Buffer.concat(chunks)
      if (stream.rstCode !== 0 || data.length < 5) state.failed++
      else if (passes(data)) state.passed++
      state.answered++
      latencies.push(performance.now() - fromMs)
      resolve()
    })
    stream.end(message)
  })
}

// As a child process: the plan comes and the result goes by IPC.
process.on('message', (plan: Omit<LoadPlan, 'messages'> & { messages: string[] }) => {
  const messages = plan.messages.map((text) => frame(Buffer.from(text, 'base64')))
  load({ ...plan, messages }).then((result) => {
    process.send?.(result)
    process.disconnect?.()
  })
})
