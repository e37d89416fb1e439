import { FAILURES } from '../errors.ts'

/** The list of failure codes in docs/failures.md, from the closed set of failures. */
export function describeFailures(): string {
  const rows = Object.entries(FAILURES).map(
    ([code, { problem, sentence }]) => `| \`${code}\` | \`${problem}\` | ${sentence} |`,
  )
  return ['| code | what the caller sees | why |', '|---|---|---|', ...rows, ''].join('\n')
}
