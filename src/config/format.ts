import type { LocatedProblem } from './located.ts'

/** `file:line:column: message`, then the line with a caret where there is one. */
export function formatProblem({ file, line, column, message, source }: LocatedProblem): string {
  const head = `${file}:${line}:${column}: ${message}`
  if (source === undefined) return head
  return `${head}\n  ${source}\n  ${' '.repeat(Math.max(0, column - 1))}^`
}

/** The first line only, for a log. */
export const summarise = ({ file, line, column, message }: LocatedProblem): string =>
  `${file}:${line}:${column}: ${message}`
