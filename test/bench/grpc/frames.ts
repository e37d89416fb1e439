import { CHECK_PATH } from '../../../src/check/wire.ts'

/** HTTP/2 frames (RFC 9113) as far as unary gRPC calls need them. */

export const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
} as const

export const FLAG = { endStream: 1, ack: 1, endHeaders: 4 } as const
export const HEAD_BYTES = 9
/** What every peer takes (RFC 9113 section 4.2). */
const MAX_FRAME = 16_384
const MAX_WINDOW = 0x7fff_ffff
export const DEFAULT_WINDOW = 65_535
export const INITIAL_WINDOW_SETTING = 4

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES + payload.length)
  bytes.writeUIntBE(payload.length, 0, 3)
  bytes[3] = type
  bytes[4] = flags
  bytes.writeUInt32BE(stream, 5)
  bytes.set(payload, HEAD_BYTES)
  return bytes
}

/** What a client says first: the preface, and that answers never have to wait for a window. */
export function greeting(): Buffer {
  const settings = Buffer.alloc(12)
  settings.writeUInt16BE(2, 0) // ENABLE_PUSH 0
  settings.writeUInt16BE(INITIAL_WINDOW_SETTING, 6)
  settings.writeUInt32BE(MAX_WINDOW, 8)
  const window = Buffer.alloc(4)
  window.writeUInt32BE(MAX_WINDOW - DEFAULT_WINDOW)
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    frame(FRAME.settings, 0, 0, settings),
    frame(FRAME.windowUpdate, 0, 0, window),
  ])
}

/**
 * Header blocks of Check (RFC 7541): the first call of a connection puts its names and values into the dynamic table,
 * every later one only points at them, as Envoy does.
 */
export function headerBlocks(authority: string): { readonly first: Buffer; readonly later: Buffer } {
  const text = (value: string) => Buffer.from([value.length, ...Buffer.from(value)])
  const first = Buffer.concat([
    Buffer.from([0x83, 0x86, 0x44]), // POST, http, :path
    text(CHECK_PATH),
    Buffer.from([0x41]), // :authority
    text(authority),
    Buffer.from([0x40]),
    text('te'),
    text('trailers'),
    Buffer.from([0x5f]), // content-type
    text('application/grpc'),
  ])
  return { first, later: Buffer.from([0x83, 0x86, 0xc1, 0xc0, 0xbf, 0xbe]) }
}

/**
 * A message as its DATA frames, with gRPC's prefix; the stream number is written when it is sent.
 * @param message at most 65,530 bytes: what a stream may send before its window is opened
 */
export function dataFrame(message: Uint8Array): Buffer {
  const payload = Buffer.alloc(5 + message.length)
  payload.writeUInt32BE(message.length, 1)
  payload.set(message, 5)
  const last = payload.length - 1
  const frames: Buffer[] = []
  for (let at = 0; at <= last; at += MAX_FRAME) {
    const flags = at + MAX_FRAME > last ? FLAG.endStream : 0
    frames.push(frame(FRAME.data, flags, 0, payload.subarray(at, at + MAX_FRAME)))
  }
  return Buffer.concat(frames)
}

/** True when a CheckResponse behind gRPC's prefix carries status.code 0, which is what lets a request pass. */
export function isPass(data: Uint8Array): boolean {
  const [tag, length, field, code] = data.subarray(5, 9)
  return tag === 0x0a && (length === 0 || field !== 0x08 || code === 0)
}
