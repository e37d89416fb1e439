/** How a scalar was written in YAML; `BLOCK_*` are `|` and `>`. */
export type ScalarStyle = 'PLAIN' | 'QUOTE_SINGLE' | 'QUOTE_DOUBLE' | 'BLOCK_LITERAL' | 'BLOCK_FOLDED'

interface Cursor {
  /** Index in the source. */
  readonly at: number
  /** Index in the value. */
  readonly seen: number
}

const FLOW_BREAK = /[ \t]*(\r?\n)[ \t]*/y
const ESCAPED_BREAK = /\\[ \t]*\r?\n[ \t]*/y
const ESCAPE = /\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)/y

const lengthAt = (pattern: RegExp, text: string, at: number): number => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0].length ?? 0
}

/** A source line break stands for at most one space or newline of the value (YAML 1.2.2 section 6.5, line folding). */
const foldedUnits = (value: string, seen: number): number =>
  value[seen] === ' ' || value[seen] === '\n' ? 1 : 0

/** Code units of the value that the double-quoted escape at `at` stands for. */
function escapedUnits(text: string, at: number): number {
  if (text[at + 1] !== 'U') return 1
  return Number.parseInt(text.slice(at + 2, at + 10), 16) > 0xffff ? 2 : 1
}

function stepFlow(text: string, style: ScalarStyle, value: string, { at, seen }: Cursor): Cursor {
  if (style === 'QUOTE_DOUBLE') {
    const joined = lengthAt(ESCAPED_BREAK, text, at)
    if (joined > 0) return { at: at + joined, seen }
    const escaped = lengthAt(ESCAPE, text, at)
    if (escaped > 0) return { at: at + escaped, seen: seen + escapedUnits(text, at) }
  }
  const fold = lengthAt(FLOW_BREAK, text, at)
  if (fold > 0) return { at: at + fold, seen: seen + foldedUnits(value, seen) }
  if (style === 'QUOTE_SINGLE' && text.startsWith("''", at)) return { at: at + 2, seen: seen + 1 }
  return { at: at + 1, seen: seen + 1 }
}

/** First index of the content of the block line that starts at `at`. */
function skipIndent(text: string, at: number, indent: number): number {
  let next = at
  while (next < at + indent && text[next] === ' ') next += 1
  return next
}

function stepBlock(text: string, indent: number, value: string, { at, seen }: Cursor): Cursor {
  const width = text.startsWith('\r\n', at) ? 2 : 1
  if (text[at + width - 1] !== '\n') return { at: at + 1, seen: seen + 1 }
  return { at: skipIndent(text, at + width, indent), seen: seen + foldedUnits(value, seen) }
}

/** Blanks before the first character of a text, empty lines apart. */
const leading = (text: string): number => /^(?:[ \t]*\r?\n)*( *)/.exec(text)?.[1]?.length ?? 0

/** Where the content of a block scalar begins and how deep it is indented; blanks of the value itself are content. */
function blockStart(
  source: string,
  start: number,
  end: number,
  value: string,
): { first: number; indent: number } {
  const header = source.indexOf('\n', start)
  if (header < 0 || header >= end) return { first: end, indent: 0 }
  const body = source.slice(header + 1, end)
  return { first: header + 1, indent: Math.max(0, leading(body) - leading(value)) }
}

/**
 * Maps an offset inside a string value to the place in the source where that character was written, through quoting,
 * escapes and line folding. Exact for flow scalars and literal blocks, best effort for folded blocks.
 * @param range start (the quote, `|`, `>` or first character) and end of the scalar in the source
 * @param offset UTF-16 units from the start of the value
 */
export function sourceOffset(
  source: string,
  range: readonly [number, number],
  style: ScalarStyle,
  value: string,
  offset: number,
): number {
  const [start, end] = range
  const isBlock = style === 'BLOCK_LITERAL' || style === 'BLOCK_FOLDED'
  const block = isBlock ? blockStart(source, start, end, value) : { first: start, indent: 0 }
  const text = source.slice(0, end)
  const first = isBlock ? skipIndent(text, block.first, block.indent) : start + (style === 'PLAIN' ? 0 : 1)
  let cursor: Cursor = { at: first, seen: 0 }
  while (cursor.seen < offset && cursor.at < end) {
    cursor = isBlock ? stepBlock(text, block.indent, value, cursor) : stepFlow(text, style, value, cursor)
  }
  return Math.min(cursor.at, end)
}
