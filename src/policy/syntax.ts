import { parse } from '@bufbuild/cel'
import { hintOf, type SyntaxHint } from './syntax-hint.ts'

/** The parsed tree of a condition and the few questions the policy stage asks of it. */

export type Tree = ReturnType<typeof parse>
export type Expr = Tree['expr']
type Kind = Expr['exprKind']
export type Call = Extract<Kind, { case: 'callExpr' }>['value']
export type Select = Extract<Kind, { case: 'selectExpr' }>['value']
export type Comprehension = Extract<Kind, { case: 'comprehensionExpr' }>['value']
export type Literal = string | number | bigint | boolean

/** Greatest length of one condition: a longer one is a program, and its cost would be too. */
export const MAX_CONDITION_LENGTH = 4096

export type Parsed = { readonly ok: true; readonly tree: Tree } | ({ readonly ok: false } & SyntaxHint)

/** Parses one CEL expression; a syntax error is a value with the offset where the parser gave up. */
export function parseCondition(text: string): Parsed {
  if (text.length > MAX_CONDITION_LENGTH) {
    return {
      ok: false,
      offset: MAX_CONDITION_LENGTH,
      message: `is longer than ${MAX_CONDITION_LENGTH} characters`,
    }
  }
  try {
    return { ok: true, tree: parse(text) }
  } catch (error) {
    const { rawMessage, location } = error as {
      rawMessage?: string
      location?: { start?: { offset?: number } }
    }
    const hint = hintOf(text) ?? {
      offset: location?.start?.offset ?? 0,
      message: rawMessage ?? 'it cannot be parsed',
    }
    return { ok: false, ...hint, message: `is not a CEL expression: ${hint.message}` }
  }
}

export function callOf(expr: Expr | undefined): Call | undefined {
  return expr?.exprKind.case === 'callExpr' ? expr.exprKind.value : undefined
}

export function selectOf(expr: Expr | undefined): Select | undefined {
  return expr?.exprKind.case === 'selectExpr' ? expr.exprKind.value : undefined
}

/** A string, number or boolean written in the condition. */
export function literalOf(expr: Expr | undefined): Literal | undefined {
  if (expr?.exprKind.case !== 'constExpr') return undefined
  const { constantKind } = expr.exprKind.value
  switch (constantKind.case) {
    case 'stringValue':
    case 'boolValue':
    case 'int64Value':
    case 'doubleValue':
      return constantKind.value
    case 'uint64Value':
      return constantKind.value
    default:
      return undefined
  }
}

/** The elements of a list that is written out in literals, with their expressions. */
export function literalsOf(
  expr: Expr | undefined,
): readonly { readonly expr: Expr; readonly value: Literal }[] | undefined {
  if (expr?.exprKind.case !== 'listExpr') return undefined
  const found: { expr: Expr; value: Literal }[] = []
  for (const element of expr.exprKind.value.elements) {
    const value = literalOf(element)
    if (value === undefined) return undefined
    found.push({ expr: element, value })
  }
  return found
}

export interface Step {
  readonly name: string
  readonly expr: Expr
}

/**
 * `a.b["c"]` as its steps, when every step has a fixed name; undefined otherwise.
 * A `has(a.b)` is not a path: it asks for presence and reads nothing.
 */
export function pathOf(expr: Expr): readonly Step[] | undefined {
  if (expr.exprKind.case === 'identExpr') return [{ name: expr.exprKind.value.name, expr }]
  const select = selectOf(expr)
  if (select !== undefined) {
    if (select.testOnly || select.operand === undefined) return undefined
    const before = pathOf(select.operand)
    return before && [...before, { name: select.field, expr }]
  }
  const call = callOf(expr)
  const [operand, key] = call?.function === '_[_]' ? call.args : []
  const name = literalOf(key)
  if (operand === undefined || key === undefined || typeof name !== 'string') return undefined
  const before = pathOf(operand)
  return before && [...before, { name, expr: key }]
}

/** The operands of a chain of one associative operator, in the order they were written. */
export function operandsOf(expr: Expr, operator: '_&&_' | '_||_'): readonly Expr[] {
  const call = callOf(expr)
  return call?.function === operator ? call.args.flatMap((arg) => operandsOf(arg, operator)) : [expr]
}

export interface Quantifier {
  readonly variable: string
  readonly range: Expr
  readonly body: Expr
  /** The answer for one element that decides for all: true for `exists`, false for `all`. */
  readonly stop: boolean
}

/** `range.exists(variable, body)` or `range.all(variable, body)` as the parser expands them. */
export function quantifierOf(expr: Expr): Quantifier | undefined {
  if (expr.exprKind.case !== 'comprehensionExpr') return undefined
  const { iterVar, iterRange, accuVar, accuInit, loopStep, result } = expr.exprKind.value
  const start = literalOf(accuInit)
  const step = callOf(loopStep)
  const [before, body] = step?.args ?? []
  const isFold = step?.function === (start === true ? '_&&_' : '_||_')
  if (typeof start !== 'boolean' || !isFold || iterRange === undefined || body === undefined) return undefined
  if (!isIdent(before, accuVar) || !isIdent(result, accuVar)) return undefined
  return { variable: iterVar, range: iterRange, body, stop: !start }
}

const isIdent = (expr: Expr | undefined, name: string): boolean =>
  expr?.exprKind.case === 'identExpr' && expr.exprKind.value.name === name

/** Where in the text the word of an expression stands: for `a.b` the `b`, for a literal its first character. */
export function offsetOf(expr: Expr, tree: Tree, text: string): number {
  const macro = selectOf(expr)?.testOnly ? tree.sourceInfo?.macroCalls[String(expr.id)] : undefined
  const written = macro === undefined ? expr : (callOf(macro)?.args[0] ?? expr)
  const at = tree.sourceInfo?.positions[String(written.id)] ?? 0
  if (selectOf(written) === undefined && callOf(written)?.target === undefined) return at
  const word = /^\.\s*/.exec(text.slice(at))
  return at + (word?.[0].length ?? 0)
}
