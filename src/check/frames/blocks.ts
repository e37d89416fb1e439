import { Buffer } from 'node:buffer'
import { CONTENT_TYPE, type Refusal } from '../grpc/status.ts'

/**
 * Header blocks of answers (RFC 7541), made once where they can be. They use the static table alone: no state that both
 * sides would have to agree on.
 */

/** Section 5.1, behind the bits of `first`. */
function integer(first: number, prefixBits: number, value: number): number[] {
  const most = (1 << prefixBits) - 1
  if (value < most) return [first | value]
  const bytes = [first | most]
  let rest = value - most
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return [...bytes, rest]
}

/** Section 5.2, without Huffman. */
const text = (value: string): number[] => [...integer(0, 7, value.length), ...Buffer.from(value, 'latin1')]

/** Section 6.2.2: literal without indexing. @param name a text, or its index in the static table */
const field = (name: string | number, value: string): number[] => [
  ...(typeof name === 'number' ? integer(0, 4, name) : [0, ...text(name)]),
  ...text(value),
]

const STATUS_200 = 0x80 | 8
const STATUS_NAME = 8
const CONTENT_TYPE_NAME = 31

const HEAD = [STATUS_200, ...field(CONTENT_TYPE_NAME, CONTENT_TYPE)]
const statusOf = ({ code, text, headers = {} }: Refusal): number[] =>
  Object.entries({ 'grpc-status': String(code), 'grpc-message': text, ...headers }).flatMap(([name, value]) =>
    field(name, value),
  )

/** Headers of an answer. */
export const ANSWER_HEAD = Buffer.from(HEAD)
/** Trailers behind its message. */
export const OK_TRAILERS = Buffer.from(field('grpc-status', '0'))
/** Not gRPC at all: PROTOCOL-HTTP2 asks for 415, so that no client takes the answer for a status of gRPC. */
export const NO_GRPC = Buffer.from(field(STATUS_NAME, '415'))

export const trailersOf = (refusal: Refusal): Buffer => Buffer.from(statusOf(refusal))
/** `Trailers-Only` of PROTOCOL-HTTP2: the status in the first and only HEADERS. */
export const trailersOnly = (refusal: Refusal): Buffer => Buffer.from([...HEAD, ...statusOf(refusal)])

/**
 * Section 4.2: a peer that allows a smaller table has to be told that it is kept to. One that is never used is as small as
 * anybody could ask for; so it is said once, in front of the first block.
 */
export const withoutTable = (block: Buffer): Buffer => Buffer.from([0x20, ...block])
