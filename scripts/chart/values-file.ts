import { isMap, type Pair, parseDocument, stringify } from 'yaml'
import { ownSchema } from './schema.ts'
import { values } from './values.ts'

interface Described {
  description?: string
  properties?: Record<string, Described>
}

const WIDTH = 100
const HEAD = `# Values of the chart vigil, each with its default. This file is written by \`npm run docs\`.
# All of them on one page: docs/helm-values.md. The keys below config: docs/configuration.md.
`

/** charts/vigil/values.yaml: every value with its default, and what it means in the line before it (\`# --\`). */
export function valuesFile(): string {
  const document = parseDocument(stringify(values.parse({})))
  const schema = ownSchema() as Described
  const sections = isMap(document.contents) ? (document.contents.items as Pair[]) : []
  return `${HEAD}\n${sections.map((pair) => section(pair, schema)).join('\n')}`
}

function section(pair: Pair, schema: Described): string {
  return linesOf(pair, schema, '').join('\n').concat('\n')
}

function linesOf({ key, value }: Pair, parent: Described, indent: string): string[] {
  const name = String(key)
  const own = parent.properties?.[name] ?? {}
  const comment = own.description === undefined ? [] : wrap(own.description, indent)
  if (isMap(value) && own.properties !== undefined && value.items.length > 0) {
    const members = (value.items as Pair[]).flatMap((pair) => linesOf(pair, own, `${indent}  `))
    return [...comment, `${indent}${name}:`, ...members]
  }
  const text = stringify({ [name]: value }, { lineWidth: 0 }).trimEnd()
  return [...comment, ...text.split('\n').map((line) => `${indent}${line}`)]
}

/** A comment in lines of readable length. */
function wrap(text: string, indent: string): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? ''
    if (line !== '' && line.length + word.length > WIDTH - indent.length) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines.map((line, i) => `${indent}# ${i === 0 ? '-- ' : ''}${line}`)
}
