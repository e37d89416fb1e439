/** What a hostile or broken client sends over one connection: HTTP/2 frames, some of them nearly right. */
import { CHECK_PATH } from '../../../src/check/wire.ts'
import { FLAG, FRAME, frame, greeting } from '../../bench/grpc/frames.ts'
import type { Random } from '../random.ts'

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** RFC 7541 section 6.2.2: literals that nobody remembers, lengths below 127 and above. */
function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  const head: number[] = []
  if (bytes.length < 127) head.push(bytes.length)
  else {
    let left = bytes.length - 127
    head.push(127)
    for (; left >= 128; left >>= 7) head.push((left & 127) | 128)
    head.push(left)
  }
  return Buffer.concat([Buffer.from(head), bytes])
}

const block = (pairs: readonly (readonly [string, string])[]): Buffer =>
  Buffer.concat(pairs.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]))

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

/** Mostly what it should be, so that a call is seldom wrong in more than one thing. */
const mostly = (r: Random, right: string, wrong: readonly [string, ...string[]]): string =>
  r.chance(92) ? right : r.pick(wrong)

function headers(r: Random): Buffer {
  const pairs: [string, string][] = [
    [':method', mostly(r, 'POST', ['GET', 'CONNECT', '', 'post'])],
    [':scheme', mostly(r, 'http', ['https', '', 'x'])],
    [':path', mostly(r, CHECK_PATH, PATHS)],
    [':authority', mostly(r, 'localhost', ['', 'a b'])],
    ['te', 'trailers'],
    ['content-type', mostly(r, 'application/grpc', ['application/grpc+proto', 'application/json', ''])],
  ]
  const odd: readonly [[string, string], ...[string, string][]] = [
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
  if (r.chance(8)) pairs.splice(r.below(pairs.length), 1)
  if (r.chance(20)) pairs.splice(r.below(pairs.length + 1), 0, r.pick(odd))
  return block(pairs)
}

/** gRPC's prefix and a message, one of them often wrong. */
function message(r: Random, messages: readonly [Buffer, ...Buffer[]]): Buffer {
  const bytes = mutated(r.pick(messages), r, 40)
  const prefix = Buffer.alloc(5)
  prefix[0] = r.chance(80) ? 0 : r.pick([1, 2, 255])
  const length = r.chance(80)
    ? bytes.length
    : r.pick([0, bytes.length - 1, bytes.length + 1, 0x7fff_ffff, 0xffff_ffff])
  prefix.writeUInt32BE(Math.max(0, length), 1)
  const whole = Buffer.concat([prefix, bytes])
  if (r.chance(10)) return whole.subarray(0, r.below(whole.length))
  return r.chance(10) ? Buffer.concat([whole, whole]) : whole
}

function mutated(bytes: Buffer, r: Random, percent: number): Buffer {
  if (!r.chance(percent) || bytes.length === 0) return bytes
  const copy = Buffer.from(bytes)
  const at = r.below(copy.length)
  switch (r.below(5)) {
    case 0:
      copy[at] = (copy[at] ?? 0) ^ (1 << r.below(8))
      return copy
    case 1:
      return copy.subarray(0, at)
    case 2:
      return Buffer.concat([
        copy.subarray(0, at),
        Buffer.alloc(1 + r.below(20), r.below(256)),
        copy.subarray(at),
      ])
    case 3:
      return Buffer.from(Array.from({ length: r.below(300) }, () => r.below(256)))
    default:
      return Buffer.concat([copy.subarray(at), copy.subarray(0, at)])
  }
}

/** A call whose frames are in order; what they hold may be wrong. */
function call(r: Random, stream: number, messages: readonly [Buffer, ...Buffer[]]): Buffer[] {
  const data = message(r, messages)
  const pieces = r.chance(70) ? [data] : [data.subarray(0, 3), data.subarray(3, 9), data.subarray(9)]
  return [
    frame(FRAME.headers, FLAG.endHeaders, stream, headers(r)),
    ...pieces.map((piece, i) => {
      const isLast = i === pieces.length - 1
      return frame(FRAME.data, isLast && r.chance(95) ? FLAG.endStream : 0, stream, piece)
    }),
  ]
}

/** The same in an order that no client should send. */
function disordered(r: Random, stream: number, frames: readonly Buffer[]): Buffer[] {
  const [head = Buffer.alloc(0), ...rest] = frames
  switch (r.below(5)) {
    case 0:
      return frames.toReversed()
    case 1:
      return [...frames, frame(FRAME.reset, 0, stream, Buffer.from([0, 0, 0, r.below(15)]))]
    case 2:
      return [head, head, ...rest]
    case 3: {
      // HEADERS in two parts, of which the second may not come.
      const block = head.subarray(9)
      const cut = r.below(block.length)
      const parts = [
        frame(FRAME.headers, 0, stream, block.subarray(0, cut)),
        frame(9, FLAG.endHeaders, stream, block.subarray(cut)),
      ]
      return [...parts.slice(0, r.chance(70) ? 2 : 1), ...rest]
    }
    default:
      return frames.map((each) => {
        const copy = Buffer.from(each)
        copy.writeUInt32BE(r.pick([0, 2, stream + 2, 0x7fff_ffff]), 5)
        return copy
      })
  }
}

function odd(r: Random, stream: number): Buffer {
  const random = Buffer.from(Array.from({ length: r.pick([0, 1, 4, 5, 6, 8, 40]) }, () => r.below(256)))
  const type = r.pick([
    FRAME.settings,
    FRAME.ping,
    FRAME.goAway,
    FRAME.windowUpdate,
    FRAME.reset,
    2,
    5,
    9,
    10,
    200,
  ])
  return frame(type, r.below(256), r.pick([0, stream, stream + 1, 0x7fff_ffff]), random)
}

/**
 * Half of the connections keep to HTTP/2, so that what they carry reaches the service; the others do not.
 * @param messages CheckRequests of which none may pass
 */
export function makeStream(r: Random, messages: readonly [Buffer, ...Buffer[]]): Buffer {
  const isOrderly = r.chance(50)
  const frames: Buffer[] = [
    isOrderly || r.chance(80)
      ? greeting()
      : r.pick([PREFACE, Buffer.alloc(0), Buffer.from('GET / HTTP/1.1\r\n\r\n')]),
  ]
  const calls = 1 + r.below(6)
  for (let i = 0; i < calls; i++) {
    const stream = 2 * i + 1
    const frameList = call(r, stream, messages)
    if (!isOrderly && r.chance(20)) frames.push(odd(r, stream))
    frames.push(...(isOrderly || r.chance(70) ? frameList : disordered(r, stream, frameList)))
  }
  const whole = Buffer.concat(frames)
  return isOrderly ? whole : mutated(whole, r, 30)
}
