import { printable } from '../../lib/printable.ts'

/** Cells in columns for a terminal: numbers to the right, text to the left, nothing in them that a terminal obeys. */

/** Longer cells are cut: one hostile name must not push all columns out of sight. */
const MOST_CELL = 60

export type CellValue = string | number

export function table(head: readonly string[], rows: readonly (readonly CellValue[])[]): string {
  const shown = [head, ...rows].map((row) => row.map(shownOf))
  const widths = head.map((_, column) => Math.max(...shown.map((row) => row[column]?.length ?? 0)))
  const isNumber = head.map((_, column) => rows.every((row) => typeof row[column] === 'number'))
  return shown
    .map((row) =>
      row
        .map((cell, column) =>
          isNumber[column] === true ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `  ${line}\n`)
    .join('')
}

const shownOf = (value: CellValue): string =>
  typeof value === 'number' ? value.toLocaleString('en') : printable(value, MOST_CELL)
