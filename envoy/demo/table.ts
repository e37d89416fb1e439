import type { Result } from './scene.ts'

/** The table of scenes, printed row by row while they are played. */
export interface Table {
  head(): string
  act(title: string): string
  row(number: number, result: Result): string
}

const GAP = '  '
/** Shares of the width: scene, what was sent, what came back, why. */
const SHARES = [0.2, 0.24, 0.26, 0.3] as const
const NUMBER_WIDTH = 4

/** @param columns width of the terminal @param hasColour whether it understands colours */
export function createTable(columns: number, hasColour: boolean): Table {
  const width = Math.min(Math.max(columns, 90), 170)
  const rest = width - NUMBER_WIDTH - GAP.length * SHARES.length
  const widths = [NUMBER_WIDTH, ...SHARES.map((share) => Math.floor(rest * share))]
  const paint = (code: number, text: string) => (hasColour ? `\x1b[${code}m${text}\x1b[0m` : text)
  return {
    head: () => {
      const cells = ['', 'scene', 'sent', 'came back', 'why (from Vigil’s record)']
      return `${render(cells, widths)}\n${'─'.repeat(width)}`
    },
    act: (title) => `\n${paint(1, title)}`,
    row: (number, result) => {
      const mark = result.ok ? '✓' : '✗'
      const cells = [`${mark} ${number}`, result.name, result.request, cameBack(result), result.why]
      const text = render(cells, widths)
      return result.ok ? text : paint(31, text)
    },
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

/** Breaks at spaces; a word that is too long is cut. */
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

function cut(word: string, width: number): string[] {
  return word.match(new RegExp(`.{1,${width}}`, 'gu')) ?? ['']
}
