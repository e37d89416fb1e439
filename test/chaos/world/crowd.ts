import { connect, type Socket } from 'node:net'
import { FLAG, FRAME, frame, greeting, headerBlocks } from '../../bench/grpc/frames.ts'

/** Many connections of one client that wants to be in the way. */
export interface Crowd {
  /** How many the other side has not closed. */
  open(): number
  leave(): void
}

/** @param turn counts up each time it is this guest’s turn */
export type Guest = (socket: Socket, index: number, turn: number) => void

const GUESTS = 1000
const TURN_MS = 500

export function crowdAt(port: number, guest: Guest): Crowd {
  const sockets = Array.from({ length: GUESTS }, () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.resume()
    return socket
  })
  let turn = 0
  const act = () => {
    for (const [index, socket] of sockets.entries()) if (socket.writable) guest(socket, index, turn)
    turn++
  }
  const timer = setInterval(act, TURN_MS)
  act()
  return {
    open: () => sockets.filter(({ destroyed, readableEnded }) => !destroyed && !readableEnded).length,
    leave: () => {
      clearInterval(timer)
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Of twenty guests one is loud, nine say a byte now and then, ten say nothing. */
const partOf = (index: number): 'loud' | 'slow' | 'silent' =>
  index % 20 === 0 ? 'loud' : index % 2 === 0 ? 'slow' : 'silent'

const SLOW_HTTP = 'GET /v1/items HTTP/1.1\r\nhost: api.example.com\r\nx-slow: and so on, and so on, and so on'
/** Less than Envoy refuses by itself: Vigil has to read it. */
const LOUD_HTTP = `GET /v1/items HTTP/1.1\r\nhost: api.example.com\r\nx-long: ${'x'.repeat(50_000)}\r\n\r\n`

export const envoyGuest: Guest = (socket, index, turn) => {
  if (partOf(index) === 'loud') socket.write(LOUD_HTTP)
  else if (partOf(index) === 'slow') socket.write(SLOW_HTTP[turn % SLOW_HTTP.length] ?? '')
}

const GREETING = greeting()
const { first } = headerBlocks('vigil')

/** Headers of 60 KB in one block of frames (RFC 9113 section 6.10), in a new stream each turn. */
function loudFrames(turn: number): Buffer {
  const stream = 2 * turn + 1
  const name = Buffer.from('x-long')
  const value = Buffer.alloc(60_000, 'x')
  // A literal without indexing (RFC 7541 section 6.2.2); 60,000 in the prefixed form of section 5.1.
  const block = Buffer.concat([
    first,
    Buffer.from([0x00, name.length, ...name, 0x7f, ...prefixed(value.length - 127)]),
    value,
  ])
  const pieces: Buffer[] = []
  for (let at = 0; at < block.length; at += 16_384) {
    const end = Math.min(block.length, at + 16_384)
    const flags = end === block.length ? FLAG.endHeaders : 0
    pieces.push(frame(at === 0 ? FRAME.headers : CONTINUATION, flags, stream, block.subarray(at, end)))
  }
  return Buffer.concat(turn === 0 ? [GREETING, ...pieces] : pieces)
}

const CONTINUATION = 9

function prefixed(rest: number): number[] {
  const bytes: number[] = []
  let left = rest
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128)
  return [...bytes, left]
}

export const vigilGuest: Guest = (socket, index, turn) => {
  if (partOf(index) === 'loud') socket.write(loudFrames(turn))
  else if (partOf(index) === 'slow')
    socket.write(GREETING.subarray(turn % GREETING.length, (turn % GREETING.length) + 1))
}
