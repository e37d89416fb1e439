import type { Result } from './scene.ts'

/** The table of scenes, printed row by row while they are played. */
export interface Table {
  head(): string
  act(title: string): string
  row(number: number, result: Result): string
}

const GAP = '  '
const NARROWEST = 80
const WIDEST = 170
/** Below this the columns would be narrower than the names in them: each part of a scene gets lines of its own. */
const FIRST_WITH_COLUMNS = 120
/** Shares of the width: scene, what was sent, what came back, why. */
const SHARES = [0.2, 0.24, 0.26, 0.3] as const
const NUMBER_WIDTH = 4
const LABEL_WIDTH = 9
const INDENT = ' '.repeat(NUMBER_WIDTH + GAP.length)

/** @param columns width of the terminal @param hasColour whether it understands colours */
export function createTable(columns: number, hasColour: boolean): Table {
  const width = Math.min(Math.max(columns, NARROWEST), WIDEST)
  const layout = width < FIRST_WITH_COLUMNS ? inLines(width) : inColumns(width)
  const paint = (code: number, text: string) => (hasColour ? `\x1b[${code}m${text}\x1b[0m` : text)
  return {
    head: () => `${layout.head}${'─'.repeat(width)}`,
    act: (title) => `\n${paint(1, title)}`,
    row: (number, result) => {
      const text = layout.row(`${result.ok ? '✓' : '✗'} ${number}`, result)
      const lines = (result.lines ?? []).map((line) => `\n${`${INDENT}${line}`.trimEnd()}`)
      return `${result.ok ? text : paint(31, text)}${lines.join('')}`
    },
  }
}

interface Layout {
  readonly head: string
  row(number: string, result: Result): string
}

function inColumns(width: number): Layout {
  const rest = width - NUMBER_WIDTH - GAP.length * SHARES.length
  const widths = [NUMBER_WIDTH, ...SHARES.map((share) => Math.floor(rest * share))]
  return {
    head: `${render(['', 'scene', 'sent', 'came back', 'why (from Vigil’s record)'], widths)}\n`,
    row: (number, result) =>
      render([number, result.name, result.request, cameBack(result), result.why], widths),
  }
}

function inLines(width: number): Layout {
  const widths = [NUMBER_WIDTH, LABEL_WIDTH, width - NUMBER_WIDTH - LABEL_WIDTH - 2 * GAP.length]
  const named = [NUMBER_WIDTH, width - NUMBER_WIDTH - GAP.length]
  return {
    head: '',
    row: (number, result) =>
      [
        render([number, result.name], named),
        render(['', 'sent', result.request], widths),
        render(['', 'came back', cameBack(result)], widths),
        render(['', 'why', result.why], widths),
      ].join('\n'),
  }
}

function cameBack({ ok, got, expected }: Result): string {
  return ok ? got : `${got} (expected: ${expected})`
}

function render(cells: readonly string[], widths: readonly number[]): string {
  const columns = cells.map((cell, i) => wrap(cell, widths[i] ?? 10))
  const height = Math.max(...columns.map((lines) => lines.length))
  const lines = Array.from({ length: height }, (_, line) =>
    columns
      .map((column, i) => (column[line] ?? '').padEnd(widths[i] ?? 0))
      .join(GAP)
      .trimEnd(),
  )
  return lines.join('\n')
}

/** Breaks at spaces; a word that is too long for a line, after one of its punctuation marks. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).flatMap((each) => cut(each, width))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** The pieces of a word, each as long as fits; only a piece without any punctuation is cut anywhere. */
function cut(word: string, width: number): string[] {
  if (word.length <= width) return [word]
  const end = word.slice(0, width).search(/[-._/:=&?][^-._/:=&?]*$/) + 1 || width
  return [word.slice(0, end), ...cut(word.slice(end), width)]
}
