/** One gRPC call as HTTP/2 frames: mostly right, so that it is seldom wrong in more than one thing. */
import { gzipSync } from 'node:zlib'
import { CHECK_PATH } from '../../../src/check/wire.ts'
import { FLAG, FRAME, frame } from '../../bench/grpc/frames.ts'
import type { Random } from '../random.ts'
import type { Encoder, Field } from './hpack.ts'
import { mutated } from './mutated.ts'

const CONTINUATION = 9
const PADDED = 8
const PRIORITY = 32

const PATHS: readonly [string, ...string[]] = [
  `${CHECK_PATH}/`,
  `/${CHECK_PATH}`,
  CHECK_PATH.toLowerCase(),
  '/grpc.health.v1.Health/Check',
  '/grpc.health.v1.Health/Watch',
  '/envoy.service.auth.v3.Authorization/Nothing',
  '/',
  '',
  '*',
]

const mostly = (r: Random, right: string, wrong: readonly [string, ...string[]]): string =>
  r.chance(92) ? right : r.pick(wrong)

function fieldsOf(r: Random, isZipped: boolean): Field[] {
  const fields: Field[] = [
    [':method', mostly(r, 'POST', ['GET', 'CONNECT', '', 'post'])],
    [':scheme', mostly(r, 'http', ['https', '', 'x'])],
    [':path', mostly(r, CHECK_PATH, PATHS)],
    [':authority', mostly(r, 'localhost', ['', 'a b'])],
    ['te', 'trailers'],
    ['content-type', mostly(r, 'application/grpc', ['application/grpc+proto', 'application/json', ''])],
    ...(isZipped ? ([['grpc-encoding', mostly(r, 'gzip', ['deflate', 'identity'])]] as const) : []),
  ]
  const odd: readonly [Field, ...Field[]] = [
    ['grpc-timeout', r.pick(['1n', '0S', '99999999H', 'x', '-1S'])],
    ['grpc-encoding', r.pick(['gzip', 'identity', 'deflate', 'x'])],
    ['grpc-accept-encoding', 'gzip'],
    ['content-length', r.pick(['0', '5', '99999999999', '-1'])],
    ['transfer-encoding', 'chunked'],
    ['connection', 'close'],
    [':path', CHECK_PATH],
    ['X-Upper', 'x'],
    ['x-long', 'x'.repeat(r.pick([100, 5000, 20_000]))],
    ['x', '\r\nx: y'],
  ]
  if (r.chance(8)) fields.splice(r.below(fields.length), 1)
  if (r.chance(20)) fields.splice(r.below(fields.length + 1), 0, r.pick(odd))
  return fields
}

/** gRPC's prefix and a message, one of them often wrong; or no body at all. */
function wrapped(r: Random, bytes: Buffer, isZipped: boolean): Buffer {
  if (r.chance(8)) return Buffer.alloc(0)
  const body = isZipped ? gzipSync(bytes) : bytes
  const prefix = Buffer.alloc(5)
  prefix[0] = r.chance(90) ? Number(isZipped) : r.pick([0, 1, 2, 255])
  const length = r.chance(80)
    ? body.length
    : r.pick([0, body.length - 1, body.length + 1, 0x7fff_ffff, 0xffff_ffff])
  prefix.writeUInt32BE(Math.max(0, length), 1)
  const whole = Buffer.concat([prefix, body])
  if (r.chance(10)) return whole.subarray(0, r.below(whole.length))
  return r.chance(10) ? Buffer.concat([whole, whole]) : whole
}

/** RFC 9113 sections 6.1 and 6.2: with padding, and with a priority that means nothing. */
function dressed(r: Random, type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const isPadded = r.chance(15)
  const hasPriority = type === FRAME.headers && r.chance(15)
  const padding = isPadded ? r.pick([0, 1, 255]) : 0
  const parts = [
    Buffer.from(isPadded ? [padding] : []),
    Buffer.from(hasPriority ? [0, 0, 0, 0, 16] : []),
    payload,
    Buffer.alloc(padding),
  ]
  return frame(
    type,
    flags | (isPadded ? PADDED : 0) | (hasPriority ? PRIORITY : 0),
    stream,
    Buffer.concat(parts),
  )
}

/** What every peer takes in one frame, with the longest padding and a priority. */
const MOST_BYTES = 16_000

/** HEADERS, with CONTINUATIONs where the block is long, or at will. */
function headFrames(r: Random, stream: number, block: Buffer): Buffer[] {
  const cut = r.chance(12) ? 1 + r.below(Math.max(1, block.length)) : MOST_BYTES
  const [first, rest] = [
    block.subarray(0, Math.min(cut, MOST_BYTES)),
    block.subarray(Math.min(cut, MOST_BYTES)),
  ]
  const pieces: Buffer[] = []
  for (let at = 0; at < rest.length; at += MOST_BYTES) pieces.push(rest.subarray(at, at + MOST_BYTES))
  return [
    dressed(r, FRAME.headers, pieces.length === 0 ? FLAG.endHeaders : 0, stream, first),
    ...pieces.map((piece, i) =>
      frame(CONTINUATION, i === pieces.length - 1 ? FLAG.endHeaders : 0, stream, piece),
    ),
  ]
}

function dataFrames(r: Random, stream: number, data: Buffer): Buffer[] {
  const pieces = r.chance(60)
    ? [data.subarray(0, MOST_BYTES), data.subarray(MOST_BYTES)].filter(
        (piece, i) => i === 0 || piece.length > 0,
      )
    : [data.subarray(0, 3), data.subarray(3, 9), data.subarray(9, MOST_BYTES), data.subarray(MOST_BYTES)]
  return pieces.map((piece, i) => {
    const isLast = i === pieces.length - 1
    return dressed(r, FRAME.data, isLast && r.chance(95) ? FLAG.endStream : 0, stream, piece)
  })
}

/** Frames that belong together stay together: those of the header block. */
export interface Call {
  readonly head: readonly Buffer[]
  readonly data: readonly Buffer[]
}

/** @param isIntact the message comes as it is; else it is often changed */
export function makeCall(
  r: Random,
  encoder: Encoder,
  stream: number,
  message: Buffer,
  isIntact: boolean,
): Call {
  const isZipped = r.chance(10)
  const head = headFrames(r, stream, encoder.block(fieldsOf(r, isZipped)))
  return {
    head,
    data: dataFrames(r, stream, wrapped(r, isIntact ? message : mutated(message, r, 40), isZipped)),
  }
}
