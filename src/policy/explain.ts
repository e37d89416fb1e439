import { configured } from '../lib/claimed.ts'
import { type Evaluated, evaluate, type Scope, typeNameOf } from './engine.ts'
import { type Failure, failingParts, type Part } from './failing.ts'
import type { Cause, Rule } from './rules.ts'
import { callOf, type Expr, type Literal, literalOf, selectOf } from './syntax.ts'

type Explained = Pick<Rule, 'label' | 'effect' | 'expr'>

/**
 * Why a rule keeps a check from passing, in words for its record: names of the settings and of types, never a value.
 * The messages of the engine quote what was sent, so they are only told apart here.
 */
export function explain(rule: Explained, cause: Cause, scope: Scope): string | undefined {
  if (cause === 'error') return failed(rule.label, rule, cause, scope)
  if (rule.effect === 'allow' || rule.effect === 'monitor') return undefined
  const label = rule.effect === 'step-up' ? `asked for by the rule ${rule.label}` : rule.label
  return cause === 'match' ? label : failed(label, rule, cause, scope)
}

function failed(label: string, { expr }: Explained, failure: Failure, scope: Scope): string {
  if (expr === undefined) return label
  const parts = failingParts(expr, scope, failure)
  return `${label}; ${failure === 'unknown' ? missing(parts) : fault(parts)}`
}

function missing(parts: readonly Part[]): string {
  const names = new Set(parts.map(({ expr }) => nameOf(expr) ?? 'something that it reads'))
  return `${configured(names)} ${names.size === 1 ? 'is' : 'are'} missing`
}

function fault([first]: readonly Part[]): string {
  if (first === undefined) return FAULT
  const read = new Set(pathsIn(first.expr))
  const what = kindOf(first, evaluate(first.expr, first.scope))
  return read.size === 0 ? what : `${what} (${configured(read)})`
}

const FAULT = 'it could not be evaluated'

/** The engine's own words at the beginning of its messages; what was sent can only stand behind them. */
const KINDS: readonly (readonly [message: RegExp, words: string])[] = [
  [/^\w+ (?:divide|modulus) by zero$/, 'a division by zero'],
  [/^\w+ overflow during /, 'a number too large for its type'],
  [/^index -?\d+ out of bounds/, 'an index outside its list'],
  [/^field not found: /, 'a member of something that has none of that name'],
  [/^type mismatch: iterable /, 'a macro over something that is neither a list nor a map'],
]

function kindOf({ expr, scope }: Part, result: Evaluated): string {
  if (result.is === 'value') return `it gives ${aType(typeNameOf(result.value))}, not a yes or no`
  if (result.is === 'unknown') return FAULT
  const known = KINDS.find(([message]) => message.test(result.message))
  if (known !== undefined) return known[1]
  const call = callOf(expr)
  if (call === undefined) return FAULT
  const written = writtenOf(call.function)
  if (!result.message.startsWith('found no matching overload')) return `${written} cannot read what it got`
  const operands = call.target === undefined ? call.args : [call.target, ...call.args]
  return `${written} cannot be used on ${operands.map((each) => typeIn(each, scope)).join(' and ')}`
}

function typeIn(expr: Expr, scope: Scope): string {
  const result = evaluate(expr, scope)
  return result.is === 'value' ? aType(typeNameOf(result.value)) : 'something'
}

function aType(name: string): string {
  const short = name.replace(/^google\.protobuf\./, '').toLowerCase()
  if (short === 'null_type') return 'null'
  return `${/^[aeio]/.test(short) ? 'an' : 'a'} ${short}`
}

/** `_<_` is written `<`, `size` is `size()`. */
const writtenOf = (name: string): string =>
  /^[a-z]\w*$/i.test(name) ? `${name}()` : name.replace(/[_@]/g, '')

/** A variable as it stands in the condition; a name that is worked out at run time may be a value and reads `[…]`. */
function nameOf(expr: Expr): string | undefined {
  if (expr.exprKind.case === 'identExpr') {
    const { name } = expr.exprKind.value
    // The running result of a macro, which nobody wrote.
    return /^\w+$/.test(name) && !name.startsWith('__') ? name : undefined
  }
  const select = selectOf(expr)
  if (select?.operand !== undefined) return joined(select.operand, `.${select.field}`)
  const call = callOf(expr)
  const [operand, key] = call?.function === '_[_]' ? call.args : []
  if (operand === undefined) return undefined
  return joined(operand, stepOf(literalOf(key)))
}

function stepOf(name: Literal | undefined): string {
  if (name === undefined) return '[…]'
  if (typeof name !== 'string') return `[${name}]`
  return /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
}

function joined(operand: Expr, rest: string): string | undefined {
  const before = nameOf(operand)
  return before && before + rest
}

/** The variables that an expression reads, in the order they were written. */
function pathsIn(expr: Expr): readonly string[] {
  const name = nameOf(expr)
  if (name !== undefined) return [name]
  switch (expr.exprKind.case) {
    case 'callExpr':
      return [expr.exprKind.value.target, ...expr.exprKind.value.args].flatMap((each) =>
        each === undefined ? [] : pathsIn(each),
      )
    case 'selectExpr':
      return expr.exprKind.value.operand === undefined ? [] : pathsIn(expr.exprKind.value.operand)
    case 'listExpr':
      return expr.exprKind.value.elements.flatMap(pathsIn)
    case 'comprehensionExpr':
      return expr.exprKind.value.iterRange === undefined ? [] : pathsIn(expr.exprKind.value.iterRange)
    default:
      return []
  }
}
