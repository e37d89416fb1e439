import { aKind } from './check-words.ts'
import { FUNCTIONS } from './engine.ts'
import { resolve } from './resolve.ts'
import { callOf, type Expr, literalOf, pathOf, selectOf } from './syntax.ts'
import { report, type Walk } from './walk.ts'

/** Wherever the frame of a condition asks yes or no, a string or number is a mistake. */
export function checkYesOrNo(walk: Walk, expr: Expr): void {
  const call = callOf(expr)
  if (call !== undefined && ['_&&_', '_||_', '!_', '_?_:_'].includes(call.function)) {
    for (const arg of call.args) checkYesOrNo(walk, arg)
    return
  }
  const is = notBoolean(expr)
  if (is !== undefined) report(walk, expr, `${is} stands where a yes or no is needed`)
}

function notBoolean(expr: Expr): string | undefined {
  const literal = literalOf(expr)
  if (literal !== undefined) return typeof literal === 'boolean' ? undefined : 'a plain value'
  if (expr.exprKind.case === 'listExpr' || expr.exprKind.case === 'structExpr') return 'a list or map'
  if (selectOf(expr)?.testOnly) return undefined
  const path = pathOf(expr)
  const resolved = path && resolve(path)
  if (resolved?.found && resolved.entry.kind !== 'group' && resolved.rest.length === 0) {
    return resolved.entry.kind === 'bool' ? undefined : aKind(resolved.entry.kind)
  }
  const called = callOf(expr)?.function
  return called !== undefined && FUNCTIONS.get(called)?.mayBeBoolean === false
    ? `the result of ${called}`
    : undefined
}
