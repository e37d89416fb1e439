import { type Document, isAlias, isPair, LineCounter, type Node, parseDocument, visit } from 'yaml'
import type { LocatedProblem } from './located.ts'
import { locatorOf, type Places, problemAt, type Source } from './places.ts'
import { explainSyntax, MAX_DEPTH, TOO_DEEP } from './syntax-error.ts'

/** A configuration is written by people; anything larger is a mistake. */
export const MAX_FILE_BYTES = 1024 * 1024
/** Aliases of one document after expansion; guards against "billion laughs". */
const MAX_ALIASES = 50

/** A parsed file that still knows where everything was written. */
export interface ParsedFile extends Places {
  readonly file: string
  readonly value: unknown
}

export type ParseResult =
  | { readonly ok: true; readonly parsed: ParsedFile }
  | { readonly ok: false; readonly problems: readonly LocatedProblem[] }

interface Hostile {
  readonly at: number
  readonly message: string
}

/** The first node that must not be turned into a value: too deep, or an alias without end or origin. */
function hostileNode(document: Document): Hostile | undefined {
  let found: Hostile | undefined
  visit(document, {
    Node(_key, node, parents) {
      const message = isAlias(node) ? hostileAlias(node.resolve(document), parents) : tooDeep(parents)
      if (message === undefined) return undefined
      found = { at: node.range?.[0] ?? 0, message }
      return visit.BREAK
    },
  })
  return found
}

function hostileAlias(target: Node | undefined, parents: readonly unknown[]): string | undefined {
  if (target === undefined) return 'this alias names no anchor above it'
  return parents.includes(target) ? 'this alias stands inside the value that it repeats' : undefined
}

const tooDeep = (parents: readonly unknown[]): string | undefined =>
  parents.filter((p) => !isPair(p)).length > MAX_DEPTH ? TOO_DEEP : undefined

/** The plain value, or why it must not be built. */
function buildValue(document: Document, source: Source): { value: unknown } | LocatedProblem {
  const hostile = hostileNode(document)
  if (hostile !== undefined) return problemAt(source, hostile.at, hostile.message)
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) }
  } catch (error) {
    // yaml's only ReferenceError that is left here: the aliases expand to more than maxAliasCount nodes.
    if (!(error instanceof ReferenceError)) throw error
    return problemAt(source, firstAlias(document), 'aliases repeat more than a configuration may hold')
  }
}

function firstAlias(document: Document): number {
  let at = 0
  visit(document, {
    Alias(_key, node) {
      at = node.range?.[0] ?? 0
      return visit.BREAK
    },
  })
  return at
}

/** Only the first fault of the syntax, because the others mostly follow from it; every key that stands twice. */
function syntaxProblems(document: Document, source: Source): LocatedProblem[] {
  const directive = document.directives?.yaml
  if (directive?.explicit === true && directive.version !== '1.2') {
    return [problemAt(source, 0, `YAML ${directive.version} is not supported; remove the %YAML line`)]
  }
  const errors = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])
  const first = errors.find((e) => e.code !== 'DUPLICATE_KEY')
  const shown = first === undefined ? errors : [first]
  return shown.map((e) => {
    const { at, message } = explainSyntax(e, source.text)
    return problemAt(source, at, message)
  })
}

/**
 * Parses one YAML 1.2 (or JSON) document. Duplicate keys, further documents, unknown tags, alias bombs and an empty
 * file are located problems.
 * @param file name for messages
 * @param bytes the whole file, at most MAX_FILE_BYTES
 */
export function parseFile(file: string, bytes: Uint8Array): ParseResult {
  const fail = (message: string): ParseResult => ({
    ok: false,
    problems: [{ file, line: 1, column: 1, message }],
  })
  if (bytes.byteLength > MAX_FILE_BYTES) return fail(`larger than ${MAX_FILE_BYTES} bytes`)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return fail('not UTF-8 text')
  }
  const source: Source = { file, text, lines: new LineCounter() }
  const document: Document = parseDocument(text, {
    lineCounter: source.lines,
    prettyErrors: false,
    stringKeys: true,
    version: '1.2',
    logLevel: 'error',
  })
  const errors = syntaxProblems(document, source)
  if (errors.length > 0) return { ok: false, problems: errors }
  const built = buildValue(document, source)
  if ('message' in built) return { ok: false, problems: [built] }
  // A file that is being rewritten in place is empty for a moment; that must not pass for "all defaults".
  if (built.value === null) return fail('the file is empty; write {} for a configuration of defaults only')
  return { ok: true, parsed: { file, value: built.value, ...locatorOf(document, source) } }
}
