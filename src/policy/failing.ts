import { type Evaluated, evaluate, itemsOf, type Scope, type Test } from './engine.ts'
import { testOf } from './logic.ts'
import { type Call, type Comprehension, type Expr, operandsOf, quantifierOf, selectOf } from './syntax.ts'
import { VARIABLES } from './variables.ts'

/**
 * Where a condition failed. It is evaluated once more, part by part; only for a rule that decided although its
 * condition could not be told, so that no other check pays for it.
 */

export type Failure = 'unknown' | 'error'

export interface Part {
  readonly expr: Expr
  readonly scope: Scope
  /** A yes or no is wanted here, and the frame of `logic.ts` evaluates it; else the engine does. */
  readonly isCondition: boolean
}

/** The innermost parts that fail in this way, in the order they were written; at least the condition itself. */
export function failingParts(expr: Expr, scope: Scope, failure: Failure): readonly Part[] {
  return search({ expr, scope, isCondition: true }, failure)
}

function search(part: Part, failure: Failure): readonly Part[] {
  const inner = partsOf(part, failure).filter((each) => outcomeOf(each) === failure)
  return inner.length === 0 ? [part] : inner.flatMap((each) => search(each, failure))
}

const tests = new WeakMap<Expr, Test>()

function outcomeOf({ expr, scope, isCondition }: Part): Failure | undefined {
  if (!isCondition) return failed(evaluate(expr, scope).is)
  const test = tests.get(expr) ?? testOf(expr)
  tests.set(expr, test)
  const verdict = test(scope)
  return typeof verdict === 'boolean' ? undefined : verdict
}

const failed = (is: Evaluated['is']): Failure | undefined => (is === 'value' ? undefined : is)

function partsOf(part: Part, failure: Failure): readonly Part[] {
  const { expr, scope } = part
  const values = (exprs: readonly (Expr | undefined)[]): readonly Part[] =>
    exprs.filter((each) => each !== undefined).map((each) => ({ expr: each, scope, isCondition: false }))
  switch (expr.exprKind.case) {
    case 'callExpr':
      return (
        ofCall(part, expr.exprKind.value) ?? values([expr.exprKind.value.target, ...expr.exprKind.value.args])
      )
    case 'selectExpr':
      return values([selectOf(expr)?.operand])
    case 'listExpr':
      return values(expr.exprKind.value.elements)
    case 'structExpr':
      return values(
        expr.exprKind.value.entries.flatMap(({ keyKind, value }) => [
          keyKind.case === 'mapKey' ? keyKind.value : undefined,
          value,
        ]),
      )
    case 'comprehensionExpr':
      return ofMacro(part, expr.exprKind.value, failure)
    default:
      return []
  }
}

/** The frame: what stands in it is a condition where it is one itself, and of two branches only one was taken. */
function ofCall({ expr, scope, isCondition }: Part, call: Call): readonly Part[] | undefined {
  const same = (exprs: readonly Expr[]) => exprs.map((each) => ({ expr: each, scope, isCondition }))
  switch (call.function) {
    case '_&&_':
    case '_||_':
      return same(operandsOf(expr, call.function))
    case '!_':
      return same(call.args)
    case '_?_:_': {
      const [test, then, otherwise] = call.args
      if (test === undefined || then === undefined || otherwise === undefined) return []
      const asked = evaluate(test, scope)
      if (asked.is !== 'value' || typeof asked.value !== 'boolean') return same([test])
      return same([asked.value ? then : otherwise])
    }
    default:
      return undefined
  }
}

/** What the macro goes over, else its body for the first element for which that fails. */
function ofMacro(part: Part, macro: Comprehension, failure: Failure): readonly Part[] {
  const { expr, scope, isCondition } = part
  if (macro.iterRange === undefined) return []
  const range = evaluate(macro.iterRange, scope)
  if (range.is !== 'value') return [{ expr: macro.iterRange, scope, isCondition: false }]
  const body = bodyOf(expr, macro, scope, isCondition)
  for (const item of itemsOf(range.value) ?? []) {
    const inside: Part | undefined = body && { ...body, scope: body.scope.with(macro.iterVar, item) }
    if (inside !== undefined && outcomeOf(inside) === failure) return [inside]
  }
  return []
}

function bodyOf(expr: Expr, macro: Comprehension, scope: Scope, isCondition: boolean): Part | undefined {
  const quantifier = isCondition && !Object.hasOwn(VARIABLES, macro.iterVar) ? quantifierOf(expr) : undefined
  if (quantifier !== undefined) return { expr: quantifier.body, scope, isCondition }
  if (macro.loopStep === undefined || macro.accuInit === undefined) return undefined
  // One step of the loop, as if it were the first.
  const start = evaluate(macro.accuInit, scope)
  if (start.is !== 'value') return undefined
  return { expr: macro.loopStep, scope: scope.with(macro.accuVar, start.value), isCondition: false }
}
