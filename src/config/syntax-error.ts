import type { YAMLError } from 'yaml'

export const MAX_DEPTH = 64
export const TOO_DEEP = `nested deeper than ${MAX_DEPTH} levels`

const MESSAGES: Partial<Record<YAMLError['code'], string>> = {
  DUPLICATE_KEY: 'this key stands here twice; keep one of them',
  TAB_AS_INDENT: 'a tab cannot indent YAML; use spaces',
  RESOURCE_EXHAUSTION: TOO_DEEP,
  NON_STRING_KEY: 'a key must be plain text',
}

/** The two files live inside ConfigMaps, and the ConfigMap is what lies at hand. */
export const NOT_A_MANIFEST =
  'put the settings alone into a file: what stands in the ConfigMap below data, under the key vigil.yaml or static.yaml'
const ONE_DOCUMENT =
  'a configuration is one YAML document; move what follows this `---` into the document before it, or remove it'

/** Top-level keys of any Kubernetes object; of what stands inside its data the lines are indented. */
const isManifest = (text: string): boolean =>
  /^["']?apiVersion["']?:/m.test(text) && /^["']?kind["']?:/m.test(text)

const QUOTE_NEGATION = "a condition that begins with ! must be quoted, YAML takes it for a tag: when: '!…'"
const QUOTE_WHOLE =
  'not valid YAML: a condition that holds quotes, brackets, ": " or " #" must be quoted as a whole: when: \'…\''

/** A condition that is neither quoted as a whole nor a block. */
const BARE_CONDITION =
  /\bwhen["']?:[ \t]+(?!(?:'(?:[^']|'')*'|"(?:[^"\\]|\\.)*")[ \t]*(?:[,}#]|$))(?=[^\s|>])/

/** What is wrong with the syntax, and where; without source text, because values may be secret. */
export function explainSyntax(error: YAMLError, text: string): { at: number; message: string } {
  const at = error.pos[0]
  const known = MESSAGES[error.code]
  if (known !== undefined) return { at, message: known }
  if (error.code === 'MULTIPLE_DOCS') {
    const message = isManifest(text) ? `these are Kubernetes manifests; ${NOT_A_MANIFEST}` : ONE_DOCUMENT
    return { at, message }
  }
  if (error.code === 'TAG_RESOLVE_FAILED') {
    const isCondition = /\bwhen["']?:\s*$/.test(text.slice(0, at))
    return { at, message: isCondition ? QUOTE_NEGATION : 'this tag is not supported; write the plain value' }
  }
  const condition = bareCondition(text, at)
  if (condition !== undefined) return { at: condition, message: QUOTE_WHOLE }
  return { at, message: `not valid YAML: ${error.message.split(/[:\n]/)[0] ?? error.code}` }
}

/** In a mapping in braces: a comment swallows the rest of the mapping, and the error comes with the next line. */
const CUT_MAPPING = /\{[^}]*\bwhen["']?:[^}]* #/
const NEXT_KEY = /,\s*["']?\w+["']?:/

/** Where the condition begins that YAML could not read; undefined: the error is about something else. */
function bareCondition(text: string, at: number): number | undefined {
  const start = text.lastIndexOf('\n', at - 1) + 1
  const before = text.slice(0, start).trimEnd().lastIndexOf('\n') + 1
  if (start > 0 && CUT_MAPPING.test(lineFrom(text, before))) return conditionOn(text, before)
  const own = conditionOn(text, start)
  return own === undefined || at < own || NEXT_KEY.test(text.slice(own, at)) ? undefined : own
}

function conditionOn(text: string, start: number): number | undefined {
  const found = BARE_CONDITION.exec(lineFrom(text, start))
  return found === null ? undefined : start + found.index + found[0].length
}

/** Nobody writes a longer line by hand, and the patterns here take more time than a line is long. */
const MAX_LINE = 2000

function lineFrom(text: string, start: number): string {
  const line = text.slice(start, start + MAX_LINE)
  const end = line.indexOf('\n')
  return (end < 0 ? line : line.slice(0, end)).trimEnd()
}
