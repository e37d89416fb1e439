import type { Entry, Group, Variable } from './variable.ts'
import { VARIABLES } from './variables.ts'

/** Writes docs/conditions.md from the table of variables, so that the page cannot say anything else than the code. */

const PREFACE = `# Conditions

A rule's \`when\` is a [CEL](https://github.com/google/cel-spec) expression over the variables below, and it must give a yes or a no.
\`true\` and \`false\` may be written as they are. A condition holds at most 4,096 characters.

This page is generated from the table in \`src/policy/variables.ts\`.

## What is checked when the configuration is loaded

- Every variable and field must exist, at any depth. The message names the position and the nearest name.
- A field with a closed set of words may only be compared with these: \`action.sensitivity == "hihg"\` is an error, and so is
  \`action.sensitivity in ["high", "hihg"]\`. Action names and issuers are such sets too: they come from \`actions\` and \`identity.issuers\`.
- A literal must fit the type of the field that it is compared with.
- Claims must be listed in \`identity.issuers[].claims\`, request headers in \`context.requestHeaders\`, action parameters in a path
  template of some action.
- Functions must exist, and a literal time, duration or pattern must be readable.

Members with a dash are written with brackets: \`request.headers["x-region"]\`.

## What is missing is unknown

A member marked *may be missing* is not always there. \`has(subject.acr)\` asks whether it is. Reading it without \`has()\` when it is
not there makes the condition *unknown*, unless the rest decides: \`false && unknown\` is false and \`true || unknown\` is true.
docs/policy.md tells what an unknown condition means for each effect. An empty list is not missing: it is empty.

Anything else that goes wrong while a condition is evaluated (no such overload, division by zero, an index beyond a list) is an
error, and then the rule denies.

## Variables

Times are CEL timestamps: \`now - subject.auth_time > duration("15m")\`.
`

/** @returns the whole page, ending in a newline. */
export function describeVariables(): string {
  const rows = Object.entries(VARIABLES).map(([name, entry]) => section(name, entry))
  return `${PREFACE}\n${rows.join('\n\n')}\n`
}

function section(name: string, entry: Entry): string {
  const head = `### \`${name}\`\n\n${entry.doc}`
  if (entry.kind !== 'group') return `${head} Type: ${typeOf(entry)}.`
  const table = [
    '| field | type | may be missing | meaning |',
    '| --- | --- | --- | --- |',
    ...rowsOf(name, entry),
  ]
  return `${head}\n\n${table.join('\n')}`
}

function rowsOf(prefix: string, group: Group): string[] {
  return Object.entries(group.members).flatMap(([name, entry]) => {
    const path = `${prefix}.${name}`
    return entry.kind === 'group' ? rowsOf(path, entry) : [rowOf(path, entry)]
  })
}

function rowOf(path: string, entry: Exclude<Entry, Group>): string {
  const shown = entry.kind === 'map' ? `${path}.NAME` : path
  return `| \`${shown}\` | ${typeOf(entry)} | ${entry.mayBeMissing ? 'yes' : 'no'} | ${entry.doc}${wordsOf(entry)} |`
}

function typeOf(entry: Exclude<Entry, Group>): string {
  if (entry.kind === 'map') return entry.isDeep ? 'any JSON value' : 'string'
  return entry.kind === 'list' ? 'list of strings' : entry.kind
}

function wordsOf(entry: Exclude<Entry, Group>): string {
  if (entry.kind === 'map') return ` Declared in ${entry.declaredIn}.`
  const words: Variable['words'] = entry.words
  if (words === undefined) return ''
  return typeof words === 'function'
    ? ' Closed set, from the configuration.'
    : ` One of ${words.map((word) => `\`${word}\``).join(', ')}.`
}
