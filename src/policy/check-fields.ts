import { hint } from '../lib/nearest.ts'
import { aKind, checkComparison, checkDeclared, elementOf } from './check-words.ts'
import { checkYesOrNo } from './check-yes-no.ts'
import { FUNCTIONS, failureOf } from './engine.ts'
import { resolve } from './resolve.ts'
import {
  type Call,
  type Comprehension,
  type Expr,
  literalOf,
  pathOf,
  type Select,
  type Step,
  type Tree,
} from './syntax.ts'
import { insteadOf } from './syntax-hint.ts'
import type { Dictionary, Variable, Vocabulary } from './variable.ts'
import { type ConditionProblem, report, type Typed, type Walk } from './walk.ts'

/**
 * Load-time checking of a condition: every name and every closed word must exist. The engine has no type checker, and
 * at run time a misspelt field would only be one more missing value.
 */

/** Names that macros introduce; undefined: nothing is known of their values. */
type Locals = ReadonlyMap<string, Typed | undefined>

const TYPES = new Set([
  'int',
  'uint',
  'double',
  'bool',
  'string',
  'bytes',
  'list',
  'map',
  'null_type',
  'type',
])
const TYPE_PATHS = new Set(['google.protobuf.Timestamp', 'google.protobuf.Duration'])

/** @returns the problems of a parsed condition in the order of the text; empty: it may be planned. */
export function checkFields(tree: Tree, text: string, vocabulary: Vocabulary): readonly ConditionProblem[] {
  const walk: Walk = { tree, text, vocabulary, problems: [] }
  checkYesOrNo(walk, tree.expr)
  visit(walk, tree.expr, new Map())
  return walk.problems.sort((a, b) => a.offset - b.offset)
}

const nameOf = (steps: readonly Step[]): string => steps.map((step) => step.name).join('.')

function visit(walk: Walk, expr: Expr, locals: Locals): Typed | undefined {
  const path = pathOf(expr)
  if (path !== undefined) return visitPath(walk, path, locals)
  switch (expr.exprKind.case) {
    case 'selectExpr':
      return visitSelect(walk, expr, expr.exprKind.value, locals)
    case 'callExpr':
      return visitCall(walk, expr, expr.exprKind.value, locals)
    case 'listExpr':
      for (const element of expr.exprKind.value.elements) visit(walk, element, locals)
      return undefined
    case 'structExpr':
      return visitStruct(walk, expr, locals)
    case 'comprehensionExpr':
      return visitComprehension(walk, expr.exprKind.value, locals)
    default:
      return undefined
  }
}

function visitPath(walk: Walk, path: readonly Step[], locals: Locals, isPresence = false): Typed | undefined {
  const root = path[0]
  if (root === undefined) return undefined
  if (locals.has(root.name)) return path.length === 1 ? locals.get(root.name) : undefined
  if ((path.length === 1 && TYPES.has(root.name)) || TYPE_PATHS.has(nameOf(path))) return undefined
  const resolved = resolve(path)
  if (!resolved.found) {
    const step = path[resolved.at] ?? root
    const what = resolved.at === 0 ? 'variable' : 'field'
    report(
      walk,
      step.expr,
      `unknown ${what} "${nameOf(path.slice(0, resolved.at + 1))}"${hint(step.name, resolved.among)}`,
    )
    return undefined
  }
  const { entry, rest } = resolved
  const typed = { entry, name: nameOf(path.slice(0, path.length - rest.length)) }
  if (entry.kind === 'group') {
    if (!isPresence) report(walk, root.expr, `${typed.name} is a group: name one of its fields`)
    return undefined
  }
  return entry.kind === 'map'
    ? visitMember(walk, { entry, name: typed.name }, rest)
    : visitVariable(walk, { entry, name: typed.name }, rest)
}

function visitVariable(
  walk: Walk,
  typed: { readonly entry: Variable; readonly name: string },
  rest: readonly Step[],
): Typed | undefined {
  const [next] = rest
  if (next === undefined) return typed
  report(walk, next.expr, `${typed.name} is ${aKind(typed.entry.kind)} and has no field "${next.name}"`)
  return undefined
}

function visitMember(
  walk: Walk,
  typed: { readonly entry: Dictionary; readonly name: string },
  rest: readonly Step[],
): Typed | undefined {
  const [first, second] = rest
  if (first === undefined) return typed
  checkDeclared(walk, typed, first.name, first.expr)
  if (second !== undefined && !typed.entry.isDeep) {
    report(walk, second.expr, `${typed.name}.${first.name} is a string and has no field "${second.name}"`)
  }
  return undefined
}

function visitSelect(walk: Walk, expr: Expr, select: Select, locals: Locals): undefined {
  if (select.operand === undefined) return
  const before = pathOf(select.operand)
  if (select.testOnly && before !== undefined) {
    visitPath(walk, [...before, { name: select.field, expr }], locals, true)
    return
  }
  visit(walk, select.operand, locals)
}

function visitCall(walk: Walk, expr: Expr, call: Call, locals: Locals): undefined {
  if (!FUNCTIONS.has(call.function)) {
    report(walk, expr, unknownFunction(call))
  }
  if (call.target !== undefined) visit(walk, call.target, locals)
  const typed = call.args.map((arg) => visit(walk, arg, locals))
  checkConstant(walk, expr, call)
  checkComparison(walk, call, typed)
}

/** `has()` is a macro: where it is given anything but a field, the parser leaves a call of that name. */
function unknownFunction(call: Call): string {
  const instead = insteadOf(call.function)
  if (instead !== undefined) return `write ${instead} instead of ${call.function}`
  if (call.function !== 'has') {
    const names = [...FUNCTIONS.keys()].filter((name) => /^\w+$/.test(name))
    return `unknown function "${call.function}"${hint(call.function, names)}`
  }
  const path = call.args.length === 1 && call.args[0] !== undefined ? pathOf(call.args[0]) : undefined
  const key = path?.at(-1)?.name
  if (path === undefined || path.length < 2 || key === undefined)
    return 'has() takes a field, e.g. has(subject.acr)'
  const holder = nameOf(path.slice(0, -1))
  const meant = /^[A-Za-z_]\w*$/.test(key) ? `has(${holder}.${key})` : `${JSON.stringify(key)} in ${holder}`
  return `has() takes a field like m.k; write ${meant}`
}

/** Functions that read a literal in a notation of its own: a mistake in it would show only at run time. */
const NOTATIONS = new Set(['timestamp', 'duration', 'matches'])

function checkConstant(walk: Walk, expr: Expr, call: Call): void {
  const last = call.args.at(-1)
  if (!NOTATIONS.has(call.function) || last === undefined || typeof literalOf(last) !== 'string') return
  // A pattern is tried on itself: only whether it can be read matters.
  const probe = call.function === 'matches' ? { ...call, target: last, args: [last] } : call
  const failure = failureOf({ ...expr, exprKind: { case: 'callExpr', value: probe } })
  if (failure !== undefined) report(walk, last, `${call.function}() cannot read this: ${failure}`)
}

function visitStruct(walk: Walk, expr: Expr, locals: Locals): undefined {
  if (expr.exprKind.case !== 'structExpr') return
  const { messageName, entries } = expr.exprKind.value
  if (messageName !== '')
    report(walk, expr, `messages such as ${messageName}{} cannot be made in a condition`)
  for (const { keyKind, value } of entries) {
    if (keyKind.case === 'mapKey') visit(walk, keyKind.value, locals)
    if (value !== undefined) visit(walk, value, locals)
  }
}

function visitComprehension(walk: Walk, macro: Comprehension, locals: Locals): undefined {
  const range = macro.iterRange && visit(walk, macro.iterRange, locals)
  if (macro.accuInit !== undefined) visit(walk, macro.accuInit, locals)
  const inner = new Map(locals)
  inner.set(macro.iterVar, range && elementOf(range, walk.vocabulary))
  inner.set(macro.accuVar, undefined)
  for (const part of [macro.loopCondition, macro.loopStep, macro.result]) {
    if (part !== undefined) visit(walk, part, inner)
  }
}
