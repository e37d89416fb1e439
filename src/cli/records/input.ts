import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'

/** Bytes of a file of records, gunzipped where it is gzip, whatever its name. */
export interface Input {
  readonly bytes: AsyncIterable<Buffer>
  /** Bytes of the file that were read so far, compressed ones where it is compressed. */
  readCount(): number
  /** Undefined where nobody can tell, as of a pipe. */
  readonly size: number | undefined
}

/** @param file `-` is standard input. @throws errors of the system, with their code, here or while `bytes` is read */
export async function openInput(file: string, stdin: Readable): Promise<Input> {
  const size = file === '-' ? undefined : await sizeOf(file)
  const source: AsyncIterable<Buffer | string> =
    file === '-' ? stdin : createReadStream(file, { highWaterMark: CHUNK })
  let read = 0
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      read += bytes.length
      yield bytes
    }
  }
  return { bytes: plain(counted()), readCount: () => read, size }
}

const CHUNK = 1 << 20

async function sizeOf(file: string): Promise<number | undefined> {
  const found = await stat(file)
  return found.isFile() ? found.size : undefined
}

/** RFC 1952 section 2.3.1: the first two bytes of every gzip file, and no JSON begins with them. */
const isGzip = (head: Buffer): boolean => head[0] === 0x1f && head[1] === 0x8b

async function* plain(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let head: Buffer = Buffer.alloc(0)
  while (head.length < 2) {
    const next = await chunks.next()
    if (next.done === true) break
    head = Buffer.concat([head, next.value])
  }
  if (isGzip(head)) yield* gunzipped(joined(head, chunks))
  else yield* joined(head, chunks)
}

async function* joined(head: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head
  yield* rest
}

function gunzipped(chunks: AsyncGenerator<Buffer>): AsyncIterable<Buffer> {
  const out = new PassThrough({ highWaterMark: CHUNK })
  // A failure destroys `out`, so whoever reads it gets it; here it only must not count as unhandled.
  pipeline(chunks, createGunzip({ chunkSize: CHUNK }), out).catch(() => undefined)
  return out
}
