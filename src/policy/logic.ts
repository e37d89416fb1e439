import { directTest } from './direct.ts'
import { engineRange, engineTest, type Test, type Verdict } from './engine.ts'
import { callOf, type Expr, literalOf, operandsOf, quantifierOf } from './syntax.ts'
import { VARIABLES } from './variables.ts'

/**
 * The yes/no frame of a condition (`&&`, `||`, `!`, `?:`, `exists`, `all`), evaluated here and not in the engine: the engine merges
 * errors and forgets all but some of them, and a real error must never pass for something missing.
 */
export function testOf(expr: Expr): Test {
  const call = callOf(expr)
  switch (call?.function) {
    case '_&&_':
      return every(operandsOf(expr, '_&&_').map(testOf))
    case '_||_':
      return some(operandsOf(expr, '_||_').map(testOf))
    case '!_':
      return not(call.args.map(testOf))
    case '_?_:_':
      return choose(call.args.map(testOf))
    default:
      return leaf(expr)
  }
}

function leaf(expr: Expr): Test {
  const literal = literalOf(expr)
  if (typeof literal === 'boolean') return () => literal
  return quantified(expr) ?? directTest(expr) ?? engineTest(expr)
}

/** `exists` and `all`: an `||` or `&&` over the elements. */
function quantified(expr: Expr): Test | undefined {
  const quantifier = quantifierOf(expr)
  // A macro variable that hides one of the table would be read past its value by the short cuts.
  if (quantifier === undefined || Object.hasOwn(VARIABLES, quantifier.variable)) return undefined
  const { variable, stop } = quantifier
  const rangeOf = engineRange(quantifier.range)
  const holds = testOf(quantifier.body)
  return (scope) => {
    const range = rangeOf(scope)
    if (range === 'unknown' || range === 'error') return range
    let verdict: Verdict = !stop
    for (const item of range) {
      const next = holds(scope.with(variable, item))
      if (next === stop) return stop
      verdict = heed(verdict, next)
    }
    return verdict
  }
}

/** What remains after one more part that did not decide: an error outlives something missing, both outlive yes and no. */
function heed(verdict: Verdict, next: Verdict): Verdict {
  if (typeof next === 'boolean') return verdict
  return verdict === 'error' ? 'error' : next
}

/** `stop` decides alone (false for `&&`, true for `||`), whatever went wrong beside it (CEL specification, logical operators). */
function combine(tests: readonly Test[], stop: boolean): Test {
  return (scope) => {
    let verdict: Verdict = !stop
    for (const test of tests) {
      const next = test(scope)
      if (next === stop) return stop
      verdict = heed(verdict, next)
    }
    return verdict
  }
}

const every = (tests: readonly Test[]): Test => combine(tests, false)
const some = (tests: readonly Test[]): Test => combine(tests, true)

function not([test = fail]: readonly Test[]): Test {
  return (scope) => {
    const verdict = test(scope)
    return typeof verdict === 'boolean' ? !verdict : verdict
  }
}

function choose([test = fail, then = fail, otherwise = fail]: readonly Test[]): Test {
  return (scope) => {
    const verdict = test(scope)
    if (typeof verdict !== 'boolean') return verdict
    return verdict ? then(scope) : otherwise(scope)
  }
}

/** Stands where the parser left no operand, which it never does. */
const fail: Test = () => 'error'
