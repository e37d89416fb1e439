import { connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { jest } from '@jest/globals'
import type { CheckHandler } from '../../src/check/handler.ts'
import { openListener } from '../../src/check/listener.ts'
import { SERVICE, type Transport, type TransportOptions } from '../../src/check/transport.ts'
import { silentLog } from '../../src/ports.ts'
import { openRaw, prefixed, rawCall } from './raw-call.ts'

/** A transport behind a real listener, and peers that do what no library would. */

export const good = { chunks: [prefixed(Buffer.from('a check'))] }
export const echo: CheckHandler['handle'] = async (bytes) => bytes
export const WATCH = {
  headers: { ':path': '/grpc.health.v1.Health/Watch' },
  chunks: [prefixed(Buffer.concat([Buffer.from([0x0a, SERVICE.length]), Buffer.from(SERVICE)]))],
}

const closers: (() => unknown)[] = []
const faults: unknown[] = []
const note = (fault: unknown) => void faults.push(fault)

/** Done after each test, the last first. */
export const later = (close: () => unknown): void => void closers.push(close)

export function watchFaults(): void {
  process.on('uncaughtException', note).on('unhandledRejection', note)
}

/** @returns what nobody caught since `watchFaults` */
export async function cleanUp(): Promise<unknown[]> {
  for (const close of closers.splice(0).reverse()) await close()
  process.off('uncaughtException', note).off('unhandledRejection', note)
  return faults.splice(0)
}

export type OpenTransport = (options: TransportOptions & { patienceMs?: number }) => Transport

export async function startTransport(open: OpenTransport, handle = echo, patienceMs?: number) {
  const transport = open({
    handler: { handle, inFlight: () => 0 },
    maxMessageBytes: 100_000,
    ...(patienceMs === undefined ? {} : { patienceMs }),
  })
  const listener = await openListener('127.0.0.1:0', undefined, transport, silentLog)
  later(() => listener.close(0))
  const session = () => {
    const made = openRaw(listener.address)
    later(() => made.destroy())
    return made
  }
  const socket = (): Socket => {
    const made = connect(Number(listener.address.split(':')[1]), '127.0.0.1')
    made.on('error', () => undefined)
    later(() => made.destroy())
    return made
  }
  const isWell = async () => (await rawCall(session(), good)).grpc === '0'
  return { transport, listener, session, socket, isWell }
}

/** A check that waits until it is let go. */
export function held() {
  const arrived = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const handle: CheckHandler['handle'] = async (bytes) => {
    arrived.resolve()
    await go.promise
    return bytes
  }
  return { handle, arrived: arrived.promise, go: () => go.resolve() }
}

export const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await setImmediate()
}

export const PATIENCE_MS = 20

/** From now on intervals pass only by `pass`: on a busy machine a connection may take longer to begin than any patience. */
export function holdIntervals(): void {
  const doNotFake = ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask'] as const
  jest.useFakeTimers({
    doNotFake: [...doNotFake, 'setImmediate', 'clearImmediate', 'setTimeout', 'clearTimeout'],
  })
  later(() => jest.useRealTimers())
}

/** Lets one patience after the other pass, each after what was sent has come, until the promise is settled. */
export async function pass<T>(until: Promise<T>): Promise<T> {
  let isOver = false
  const end = until.finally(() => {
    isOver = true
  })
  while (!isOver) {
    await turns(10)
    jest.advanceTimersByTime(PATIENCE_MS)
  }
  return end
}

/** A frame of HTTP/2 (RFC 9113 section 4.1). */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
export const SETTINGS = frame(4, 0, 0)
export const HELLO = Buffer.concat([PREFACE, SETTINGS])
