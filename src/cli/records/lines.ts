/** A longer line is no record of Vigil, and no file may make this process grow without bound. */
export const MAX_LINE_BYTES = 1 << 20

export interface Line {
  /** From 1. */
  readonly number: number
  /** Undefined where the line is too long to be looked at. */
  readonly bytes: Buffer | undefined
}

const NEWLINE = 10

/** The lines of a file, as many at once as a chunk holds: one step of an async iterator per line would cost more than the line. */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly Line[]> {
  let number = 0
  let rest: Buffer[] = []
  let restBytes = 0
  const take = (part: Buffer): Line => {
    number++
    const isLong = restBytes + part.length > MAX_LINE_BYTES
    const bytes = isLong ? undefined : joined(rest, part)
    rest = []
    restBytes = 0
    return { number, bytes }
  }
  for await (const chunk of chunks) {
    const lines: Line[] = []
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      lines.push(take(chunk.subarray(start, end)))
      start = end + 1
    }
    if (start < chunk.length) {
      restBytes += chunk.length - start
      // What is too long already is only counted.
      if (restBytes <= MAX_LINE_BYTES) rest.push(chunk.subarray(start))
    }
    yield lines
  }
  if (restBytes > 0) yield [take(Buffer.alloc(0))]
}

const joined = (rest: readonly Buffer[], part: Buffer): Buffer =>
  rest.length === 0 ? part : Buffer.concat([...rest, part])
