import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { FRAME } from '../../../src/check/frames/protocol.ts'
import { CHECK_PATH } from '../../../src/check/transport.ts'
import { prefixed } from '../raw-call.ts'
import { frame, HELLO, later } from '../transport-harness.ts'

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** What was received and not asked for is left out. */
export interface Peer {
  readonly socket: Socket
  send(...frames: readonly Buffer[]): void
  /** The next frame of this type. @throws when the connection ends before */
  next(type: number): Promise<Frame>
  /** The code of the GOAWAY that ends the connection. */
  readonly ended: () => Promise<number>
}

/** Speaks to a server in frames, after the preface. */
export async function openPeer(address: string, hello: Buffer = HELLO): Promise<Peer> {
  const socket = connect(Number(address.split(':')[1]), '127.0.0.1')
  socket.on('error', () => undefined)
  later(() => socket.destroy())
  await once(socket, 'connect')
  socket.write(hello)
  const frames = framesOf(socket)
  const next = async (type: number) => {
    for (;;) {
      const { value, done } = await frames.next()
      if (done === true) throw new Error(`the connection ended before a frame of type ${type}`)
      if (value.type === type) return value
    }
  }
  return {
    socket,
    send: (...all) => void socket.write(Buffer.concat(all)),
    next,
    ended: async () => {
      const { payload } = await next(FRAME.goAway)
      for await (const { type } of frames) expectNothing(type)
      return payload.readUInt32BE(4)
    },
  }
}

function expectNothing(type: number): void {
  throw new Error(`a frame of type ${type} behind GOAWAY`)
}

async function* framesOf(socket: Socket): AsyncGenerator<Frame, undefined> {
  let bytes: Buffer = Buffer.alloc(0)
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    bytes = Buffer.concat([bytes, chunk])
    for (;;) {
      const end = bytes.length < 9 ? Number.POSITIVE_INFINITY : 9 + bytes.readUIntBE(0, 3)
      if (end > bytes.length) break
      const [type = 0, flags = 0] = bytes.subarray(3, 5)
      yield { type, flags, stream: bytes.readUInt32BE(5), payload: Buffer.from(bytes.subarray(9, end)) }
      bytes = bytes.subarray(end)
    }
  }
  return undefined
}

const text = (value: string) => Buffer.from([value.length, ...Buffer.from(value)])

/** Of a good call: POST, http, path, te, content-type, as literals that are not indexed. */
export const BLOCK: Buffer = Buffer.concat([
  Buffer.from([0x83, 0x86, 0x04]),
  text(CHECK_PATH),
  Buffer.from([0x00]),
  text('te'),
  text('trailers'),
  Buffer.from([0x0f, 0x10]),
  text('application/grpc'),
])

export const END_STREAM = 1
export const END_HEADERS = 4
export const headers = (stream: number, flags = END_HEADERS, block: Buffer = BLOCK) =>
  frame(FRAME.headers, flags, stream, block)
export const data = (stream: number, payload: Buffer, flags = END_STREAM) =>
  frame(FRAME.data, flags, stream, payload)
export const word = (type: number, stream: number, value: number) => {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(value)
  return frame(type, 0, stream, payload)
}
export const setting = (name: number, value: number) => {
  const payload = Buffer.alloc(6)
  payload.writeUInt16BE(name)
  payload.writeUInt32BE(value, 2)
  return frame(FRAME.settings, 0, 0, payload)
}
/** A whole check. */
export const call = (stream: number, message = 'a check') =>
  Buffer.concat([headers(stream), data(stream, prefixed(Buffer.from(message)))])
