import { hint } from '../lib/nearest.ts'
import { type Call, type Expr, type Literal, literalOf, literalsOf } from './syntax.ts'
import { type Dictionary, type Variable, type VariableKind, type Vocabulary, wordsOf } from './variable.ts'
import { report, type Typed, type Walk } from './walk.ts'

/** What a literal must be to be compared with a variable of this kind; a timestamp needs `timestamp("…")`. */
const FITTING: Readonly<Record<VariableKind, readonly string[]>> = {
  string: ['string'],
  bool: ['boolean'],
  int: ['bigint', 'number'],
  double: ['bigint', 'number'],
  timestamp: [],
  list: [],
}

/** `an int`, `a string`. */
export const aKind = (kind: string): string => (kind === 'int' ? 'an int' : `a ${kind}`)

/** @returns what is wrong with comparing a variable with a literal; undefined: nothing. */
function checkLiteral(
  typed: Typed,
  literal: Literal,
  vocabulary: Vocabulary,
  isOrder: boolean,
): string | undefined {
  const { entry, name } = typed
  if (entry.kind === 'group' || entry.kind === 'map') return `${name} is not a single value`
  if (!FITTING[entry.kind].includes(typeof literal)) {
    const verdict = isOrder ? 'cannot be compared with' : 'can never equal'
    return `${name} is ${aKind(entry.kind)} and ${verdict} ${JSON.stringify(String(literal))}`
  }
  const words = wordsOf(entry, vocabulary)
  if (words === undefined || typeof literal !== 'string' || words.includes(literal)) return undefined
  return `${name} is never "${literal}"${hint(literal, words)}`
}

const EQUALITIES = new Set(['_==_', '_!=_'])
const ORDERS = new Set(['_<_', '_<=_', '_>_', '_>=_'])

/** Checks a comparison or membership of variables whose types and words are known. */
export function checkComparison(walk: Walk, call: Call, typed: readonly (Typed | undefined)[]): void {
  const [left, right] = call.args
  if (left === undefined || right === undefined) return
  const isOrder = ORDERS.has(call.function)
  if (isOrder || EQUALITIES.has(call.function)) {
    compareWith(walk, typed[0], right, isOrder)
    compareWith(walk, typed[1], left, isOrder)
  } else if (call.function === '@in') {
    for (const { expr } of literalsOf(right) ?? []) compareWith(walk, typed[0], expr)
    checkContainer(walk, typed[1], left, right)
  }
}

function compareWith(walk: Walk, typed: Typed | undefined, other: Expr, isOrder = false): void {
  const literal = literalOf(other)
  if (typed === undefined || literal === undefined) return
  const problem = checkLiteral(typed, literal, walk.vocabulary, isOrder)
  if (problem !== undefined) report(walk, other, problem)
}

function checkContainer(walk: Walk, container: Typed | undefined, item: Expr, at: Expr): void {
  if (container === undefined) return
  const { entry, name } = container
  const literal = literalOf(item)
  if (entry.kind === 'map') {
    if (typeof literal === 'string') checkDeclared(walk, { entry, name }, literal, item)
  } else if (entry.kind === 'list') {
    compareWith(walk, elementOf(container, walk.vocabulary), item)
  } else {
    report(walk, at, `${name} is ${aKind(entry.kind)}: nothing can be \`in\` it`)
  }
}

/** One element of a list of strings, with the list’s words. */
export function elementOf({ entry, name }: Typed, vocabulary: Vocabulary): Typed | undefined {
  if (entry.kind !== 'list') return undefined
  const words = wordsOf(entry, vocabulary)
  const element: Variable = { ...entry, kind: 'string', words: () => words }
  return { entry: element, name }
}

/** Checks that a member of a dictionary is declared in the settings. */
export function checkDeclared(
  walk: Walk,
  typed: { readonly entry: Dictionary; readonly name: string },
  name: string,
  at: Expr,
): void {
  const names = typed.entry.names(walk.vocabulary)
  if (names.includes(name)) return
  report(
    walk,
    at,
    `"${name}" of ${typed.name} is not declared in ${typed.entry.declaredIn}${hint(name, names)}`,
  )
}
