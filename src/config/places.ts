import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type LineCounter, type Node } from 'yaml'
import type { SettingsProblem } from '../errors.ts'
import { excerptOf } from './excerpt.ts'
import type { LocatedProblem, Position } from './located.ts'
import { type ScalarStyle, sourceOffset } from './offsets.ts'

/** Where things were written in one file. */
export interface Places {
  /** Place of a value, or of a word inside a string value. What does not exist is placed at what would hold it. */
  locate(path: readonly (string | number)[], offset?: number): Position
  /** Place of a key. */
  locateKey(path: readonly (string | number)[]): Position
  /** Gives problems their place in this file, in the order of the file. */
  place(problems: readonly SettingsProblem[]): LocatedProblem[]
}

export interface Source {
  readonly file: string
  readonly text: string
  readonly lines: LineCounter
}

function positionOf({ lines }: Source, offset: number): Position {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(line, 1), column: Math.max(col, 1) }
}

function lineAt({ text, lines }: Source, line: number): string {
  const start = lines.lineStarts[line - 1] ?? 0
  const end = text.indexOf('\n', start)
  return text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '')
}

/** A problem at an offset of the text. */
export function problemAt(source: Source, offset: number, message: string): LocatedProblem {
  const position = positionOf(source, offset)
  return { file: source.file, ...position, message, source: excerptOf(lineAt(source, position.line)) }
}

interface Found {
  readonly node: Node | undefined
  readonly key: Node | undefined
  /** The whole path was there. */
  readonly isExact: boolean
}

function child(
  node: Node | undefined,
  part: string | number,
): { node: Node | undefined; key: Node | undefined } | undefined {
  if (isMap(node)) {
    const pair = node.items.find((p) => isScalar(p.key) && String(p.key.value) === String(part))
    if (pair === undefined) return undefined
    return { node: isNode(pair.value) ? pair.value : undefined, key: isNode(pair.key) ? pair.key : undefined }
  }
  if (isSeq(node) && typeof part === 'number') {
    const item = node.items[part]
    return isNode(item) ? { node: item, key: undefined } : undefined
  }
  return undefined
}

function find(document: Document, path: readonly (string | number)[]): Found {
  let here: Found = { node: document.contents ?? undefined, key: undefined, isExact: true }
  for (const part of path) {
    const holder = isAlias(here.node) ? here.node.resolve(document) : here.node
    const next = child(holder, part)
    if (next === undefined) return { ...here, isExact: false }
    here = { ...next, isExact: true }
  }
  return here
}

/** ` #` begins a comment in a plain scalar; whoever wrote a condition or a text with it does not see that. */
const cutBy = (node: Node | undefined): string =>
  isScalar(node) && node.type === 'PLAIN' && typeof node.comment === 'string'
    ? '; YAML takes what stands behind " #" for a comment: quote the condition'
    : ''

/** Answers where things were written, from the parsed document. */
export function locatorOf(document: Document, source: Source): Places {
  const startOf = (found: Found): number => (found.node ?? found.key)?.range?.[0] ?? 0
  const locate: Places['locate'] = (path, offset) => {
    const found = find(document, path)
    const { node } = found
    const range = node?.range
    if (
      !found.isExact ||
      offset === undefined ||
      !isScalar(node) ||
      !range ||
      typeof node.value !== 'string'
    ) {
      return positionOf(source, startOf(found))
    }
    const style = (node.type ?? 'PLAIN') as ScalarStyle
    return positionOf(source, sourceOffset(source.text, [range[0], range[1]], style, node.value, offset))
  }
  const locateKey: Places['locateKey'] = (path) => {
    const found = find(document, path)
    return positionOf(source, (found.isExact ? found.key : undefined)?.range?.[0] ?? startOf(found))
  }
  const place: Places['place'] = (problems) =>
    problems
      .map((p) => {
        const position = p.isAboutKey === true ? locateKey(p.path) : locate(p.path, p.offset)
        return {
          file: source.file,
          ...position,
          message: p.message + (p.isUnfinished === true ? cutBy(find(document, p.path).node) : ''),
          source: excerptOf(lineAt(source, position.line)),
          path: p.path,
        }
      })
      .sort((a, b) => a.line - b.line || a.column - b.column)
  return { locate, locateKey, place }
}
