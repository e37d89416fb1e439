import type { Buffer } from 'node:buffer'
import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import { type Refusal, STATUS } from './status.ts'

const INFLATERS = new Map([
  ['gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
])

// gRPC: doc/compression.md. A client that was told what is taken can send its message again.
const UNKNOWN_ENCODING: Refusal = {
  code: STATUS.unimplemented,
  text: 'the encoding of the message is not taken here',
  headers: { 'grpc-accept-encoding': 'identity,deflate,gzip' },
}
const NOT_NAMED: Refusal = { code: STATUS.internal, text: 'the message is compressed without an encoding' }
const BROKEN: Refusal = { code: STATUS.internal, text: 'the message cannot be decompressed' }
const TOO_LARGE: Refusal = { code: STATUS.resourceExhausted, text: 'the decompressed message is too large' }

/**
 * @param encoding of the header `grpc-encoding`
 * @param maxBytes what comes out at most: a small message can hide a large one
 */
export async function decompress(
  bytes: Buffer,
  encoding: unknown,
  maxBytes: number,
): Promise<Buffer | Refusal> {
  if (encoding === undefined || encoding === 'identity') return NOT_NAMED
  const inflater = INFLATERS.get(String(encoding))
  if (inflater === undefined) return UNKNOWN_ENCODING
  try {
    return await inflater(bytes, { maxOutputLength: maxBytes })
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? TOO_LARGE : BROKEN
  }
}
