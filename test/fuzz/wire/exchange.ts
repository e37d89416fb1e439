import { connect } from 'node:net'
import { FRAME, HEAD_BYTES, isPass } from '../../bench/grpc/frames.ts'

/** Longest life of one connection, and how long nothing may come before it is over. */
const LIFE_MS = 1000
export const QUIET_MS = 60

/** Sends it all and reads what comes back, until the server closes or the time is over. */
export function exchange(port: number, bytes: Buffer): Promise<Buffer> {
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

export interface Answers {
  readonly count: number
  /** Streams on which a request may pass now. */
  readonly passed: readonly number[]
}

/** The messages in what the server sent. */
export function readAnswers(bytes: Buffer): Answers {
  const streams = new Map<number, Buffer[]>()
  for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
    const length = bytes.readUIntBE(at, 3)
    const stream = bytes.readUInt32BE(at + 5) & 0x7fff_ffff
    const payload = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length)
    if (bytes[at + 3] === FRAME.data) streams.set(stream, [...(streams.get(stream) ?? []), payload])
    at += HEAD_BYTES + length
  }
  const whole = [...streams]
    .map(([id, parts]) => ({ id, data: Buffer.concat(parts) }))
    .filter(({ data }) => data.length > 9)
  return { count: whole.length, passed: whole.filter(({ data }) => isCheckPass(data)).map(({ id }) => id) }
}

/** The health service answers too, with the status alone: no CheckResponse is so short. */
const isCheckPass = (data: Buffer): boolean => data.length > 12 && isPass(data)
